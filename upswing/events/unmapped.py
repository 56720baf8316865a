"""The names that no row of the tracking plan maps, summed over processes and days.

Source: playbook section 2 (tracking plan).
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import msgspec

from services.ingest.core.strays import FACTS
from services.ingest.core.tracking import Tracking
from shared.kernel.clock import iso
from shared.kernel.playbook import Playbook
from shared.kernel.tallies import STRAY, Tally, UnmappedTally, decode_tally, tally_key
from shared.kernel.topics import TALLIES
from upswing.events.propose import Proposal, propose
from upswing.topic import read_topic

__all__ = ["Unmapped", "UnmappedName", "described", "lines", "meant", "read_tallies", "sum_up"]

NAME_CHARS = 40
CLOSE = 0.75  # so alike must two names be for a question
PROPERTIES_CHARS = 60


class UnmappedName(msgspec.Struct):
    """One name of one source. Units: `since` and `until` are instants in milliseconds."""

    source: str
    name: str
    count: int
    since: int
    until: int
    properties: dict[str, set[str]]
    example: str | None


class Unmapped(msgspec.Struct):
    """All of them, the most frequent first.

    Shape: `rest` counts, by source, the calls whose names were too many to be counted one by one; `mapped` counts the
    names that the playbook maps by now; `strays` are fields of `account.updated` that are no fact.
    """

    names: list[UnmappedName]
    rest: dict[str, int]
    mapped: int
    strays: list[UnmappedName] = []

    def proposals(self, playbook: Playbook) -> dict[str, Proposal]:
        """Return a row for each name, whatever its source."""
        features = {feature for plan in playbook.plans.values() for feature in plan.features}
        metrics = {metric for plan in playbook.plans.values() for metric in plan.limits}
        seen: dict[str, dict[str, set[str]]] = {}
        for each in self.names:
            properties = seen.setdefault(each.name, {})
            for name, types in each.properties.items():
                properties.setdefault(name, set()).update(types)
        return {name: propose(name, types, sorted(features), sorted(metrics)) for name, types in seen.items()}


async def read_tallies(bootstrap: str, prefix: str) -> list[Tally]:
    """Return the counts on the topic, of repeats of one key the last.

    Errors: `DependencyError` when the broker or the topic is not there.
    """
    found: dict[bytes, Tally] = {}
    async for record in read_topic(bootstrap, prefix, TALLIES):
        try:
            tally = decode_tally(record.value)
        except (msgspec.DecodeError, TypeError):
            continue  # of a later version, or of somebody else
        found[tally_key(tally)] = tally
    return list(found.values())


def sum_up(tallies: Iterable[Tally], tracking: Tracking, since_ms: int = 0, source: str | None = None) -> Unmapped:
    """Sum counts up. Shape: what the plan maps by now is left out, and so is what was last seen before `since_ms`."""
    names: dict[tuple[str, str], UnmappedName] = {}
    strays: dict[tuple[str, str], UnmappedName] = {}
    rest: dict[str, int] = {}
    mapped: set[str] = set()
    for tally in tallies:
        if not isinstance(tally, UnmappedTally) or tally.until < since_ms or source not in {None, tally.source}:
            continue
        if tally.name is None:
            rest[tally.source] = rest.get(tally.source, 0) + tally.count
        elif tally.name.startswith(STRAY):
            _add(strays, tally, tally.name.removeprefix(STRAY))
        elif (meaning := tracking.meaning_of(tally.name)) is None or not meaning.unmapped:
            mapped.add(tally.name)
        else:
            _add(names, tally, tally.name)
    return Unmapped(_often(names), rest, len(mapped), _often(strays))


def _often(names: dict[tuple[str, str], UnmappedName]) -> list[UnmappedName]:
    return sorted(names.values(), key=lambda each: (-each.count, each.name, each.source))


def _add(names: dict[tuple[str, str], UnmappedName], tally: UnmappedTally, name: str) -> None:
    found = names.get((tally.source, name))
    if found is None:
        found = UnmappedName(tally.source, name, 0, tally.since, tally.until, {}, tally.example)
        names[tally.source, name] = found
    found.count += tally.count
    found.since = min(found.since, tally.since)
    if tally.until >= found.until:
        found.until, found.example = tally.until, tally.example
    for each, types in tally.properties.items():
        found.properties.setdefault(each, set()).update(types)


def lines(found: Unmapped, playbook: Playbook, most: int) -> Iterator[str]:
    """Yield what a person reads: the names with their counts, then rows to copy."""
    if not found.names:
        yield "every name is mapped: nothing was counted that no row, type or default names"
    else:
        yield f"{'name':<{NAME_CHARS}}  {'source':<12} {'calls':>10}  {'first':<16}  {'last':<16}  properties"
    for each in found.names[:most]:
        yield (
            f"{each.name:<{NAME_CHARS}.{NAME_CHARS}}  {each.source:<12} {each.count:>10,}  "
            f"{iso(each.since):.16}  {iso(each.until):.16}  {_properties(each)}"
        )
    calls = sum(each.count for each in found.names)
    if found.names:
        more = f", of which {most} are shown" if len(found.names) > most else ""
        yield f"{len(found.names):,} names{more}, {calls:,} calls"
    for source, count in sorted(found.rest.items()):
        yield f"{count:,} more calls of {source} had names beyond the first 1,000 of a day, which were not told apart"
    if found.mapped:
        yield f"{found.mapped:,} names that were counted are mapped by this playbook now"
    if found.names:
        yield from _rows(found, playbook, most)
    if found.strays:
        yield ""
        yield "Fields of account.updated that are no fact, and have no effect:"
    for each in found.strays[:most]:
        yield f"    {each.name} of {each.source}, {each.count:,} times, last {iso(each.until):.16}{meant(each.name)}"


def meant(field: str) -> str:
    """Return a question behind a field that is no fact: whether a fact of a similar name was meant."""
    near = get_close_matches(field.lower(), FACTS, n=1, cutoff=CLOSE)
    return f": did you mean {near[0]}?" if near else ""


def _rows(found: Unmapped, playbook: Playbook, most: int) -> Iterator[str]:
    shown = dict.fromkeys(each.name for each in found.names[:most])
    proposals = found.proposals(playbook)
    yield ""
    yield "Each counts as a use of the feature of its name. To say what it means, put these under tracking.rows:"
    for name in shown:
        yield f"    # {proposals[name].why}"
        yield f"    {proposals[name].yaml}"


def described(found: Unmapped, playbook: Playbook) -> dict[str, Any]:
    """Return the same for programs."""
    proposals = found.proposals(playbook)
    return {
        "names": [
            {
                "name": each.name,
                "source": each.source,
                "calls": each.count,
                "first": iso(each.since),
                "last": iso(each.until),
                "properties": {name: sorted(types) for name, types in sorted(each.properties.items())},
                "example_id": each.example,
                "proposed": proposals[each.name].row,
                "why": proposals[each.name].why,
            }
            for each in found.names
        ],
        "not_told_apart": found.rest,
        "mapped_by_now": found.mapped,
        "stray_fields": [{"field": each.name, "source": each.source, "times": each.count} for each in found.strays],
    }


def _properties(each: UnmappedName) -> str:
    """Return the properties that fit on a line; names with a dollar are those that an SDK adds by itself."""
    own = {name: types for name, types in sorted(each.properties.items()) if not name.startswith("$")}
    shown: list[str] = []
    for name, types in own.items():
        text = f"{name} ({' or '.join(sorted(types))})"
        if shown and len(", ".join([*shown, text])) > PROPERTIES_CHARS:
            break
        shown.append(text)
    more = [f"{len(own) - len(shown)} more"] if len(shown) < len(own) else []
    return ", ".join([*shown, *more]) or "–"
