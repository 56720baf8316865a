"""The comparison's events as this product's log holds them: what the rival kit takes as `--own-encoder`.

An account's first event brings its facts with it, as a line of its own in the same record: plan, seats and the day on
which its billing period begins. Rivals have these numbers in their settings; here they are facts like any other.
The kit imports this file into its own environment, so it needs nothing but the standard library.
"""

import json
from datetime import UTC, datetime

__all__ = ["METRIC", "PERIOD_DAYS", "PLAN", "SEATS", "Event", "line"]

DAY_SECONDS = 86_400
PERIOD_DAYS = 30
PLAN, METRIC, SOURCE = "Bench", "actions", "bench"
SEATS = 50
Event = tuple[str, str, str, str, float, int]  # id, account, user, feature, seconds since 1970, quantity

_known: set[str] = set()


def line(event: Event) -> bytes:
    """Return one event as ingest writes it; the first one of an account comes behind the account's facts."""
    event_id, account, user, feature, seconds, quantity = event
    at_ms = round(seconds * 1000)
    who = f'"account_id":"{account}","occurred_at":{at_ms},"source":"{SOURCE}","received_at":{at_ms}'
    what = f'{{"feature":"{feature}","quantity":{quantity},"metric":"{METRIC}"}}'
    used = f'{{"type":"feature.used","id":"{event_id}",{who},"properties":{what},"user_id":"{user}"}}'.encode()
    if event_id == "e0":  # the same events begin anew
        _known.clear()
    if account in _known:
        return used
    _known.add(account)
    facts = f'{{"type":"account.updated","id":"facts-{account}",{who},"properties":'.encode()
    return facts + json.dumps(_facts(seconds)).encode() + b"}\n" + used


def _facts(seconds: float) -> dict[str, object]:
    """Return the facts that make our billing period the one of the comparison: `day // 30`."""
    begin = int(seconds // DAY_SECONDS) // PERIOD_DAYS * PERIOD_DAYS
    anchor = datetime.fromtimestamp(begin * DAY_SECONDS, UTC).day
    return {"plan": PLAN, "seats": SEATS, "billing_anchor": anchor}
