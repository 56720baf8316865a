"""Where the time of an alert goes, station by station, as the services themselves noted it.

The stations' clocks are one machine's, so their differences mean something; they are noted in whole milliseconds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import asyncpg

__all__ = ["HOPS", "Hops", "read_fates", "read_hops"]

HOPS = (
    "ingest (post to received)",
    "signals (received to trigger emitted)",
    "notify (emitted to decided)",
    "slack (decided to arrived)",
)
Hops = dict[str, list[float]]
QUERY = """
    select d.trigger_id, (t.body->>'received_at')::bigint, (t.body->>'emitted_at')::bigint, d.decided_at
      from notify.deliveries d
      join notify.message_triggers t on t.message_id = d.message_id and t.trigger_id = d.trigger_id
     where d.action = 'post' and d.trigger_id = any($1::text[])
"""


FATES = """
    select asked.trigger_id,
           coalesce(string_agg(distinct d.state || ', ' || d.why || ': ' || d.note, '; '), 'never seen')
      from unnest($1::text[]) asked(trigger_id) left join notify.deliveries d on d.trigger_id = asked.trigger_id
     group by asked.trigger_id
"""


async def read_fates(database_url: str, trigger_ids: Iterable[str]) -> Counter[str]:
    """Return what notify says became of triggers, and of how many."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        return Counter(fate for _, fate in await connection.fetch(FATES, list(trigger_ids)))
    finally:
        await connection.close()


async def read_hops(database_url: str, posted: Mapping[str, float], arrivals: Mapping[str, Sequence[float]]) -> Hops:
    """Return the milliseconds of each hop, one an alert."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        found = await connection.fetch(QUERY, list(posted))
    finally:
        await connection.close()
    hops: Hops = {name: [] for name in HOPS}
    for trigger_id, received_ms, emitted_ms, decided_ms in found:
        if trigger_id not in arrivals or received_ms is None:
            continue
        stations = (posted[trigger_id], received_ms, emitted_ms, decided_ms, arrivals[trigger_id][0])
        for name, begin, end in zip(HOPS, stations, stations[1:], strict=False):
            hops[name].append(max(0.0, end - begin))
    return hops
