"""The mapping that says what simulated files mean, so that they can be imported like anybody's."""

from typing import Any

import yaml

from upswing.simulate.formats import CAST_OF, COLUMNS, table_name

LINES: dict[str, dict[str, Any]] = {
    "native": {
        "file": "events.ndjson",
        "dialect": "native",
        "time": "occurred_at",
        "item": {
            "id": "id",
            "type": "type",
            "account_id": "account_id",
            "user_id": "user_id",
            "occurred_at": "occurred_at",
            "properties": {"column": "properties", "as": "json"},
        },
        "optional": ["user_id", "account_id"],
    },
    "segment": {
        "file": "segment.ndjson",
        "dialect": "segment",
        "time": "timestamp",
        "item": {
            "type": "type",
            "event": "event",
            "messageId": "messageId",
            "timestamp": "timestamp",
            "userId": "userId",
            "anonymousId": "anonymousId",
            "groupId": "groupId",
            "context": {"column": "context", "as": "json"},
            "properties": {"column": "properties", "as": "json"},
            "traits": {"column": "traits", "as": "json"},
        },
        "optional": ["event", "userId", "anonymousId", "groupId", "properties", "traits"],
    },
}
ENDS = {"csv": ".csv", "parquet": ".parquet"}


def mapping_text(written: str, types: list[str], what: str) -> str:
    """Return the mapping of files in one of our formats. Shape: `types` are the event types that have a table."""
    rows = [LINES[written]] if written in LINES else [_entry(kind, ENDS[written]) for kind in types]
    mapping = {"name": "simulated", "what": what, "playbook": "playbook.yaml", "tick_hours": 24, "events": rows}
    text: str = yaml.safe_dump(mapping, sort_keys=False, width=120)
    return text


def _entry(kind: str, end: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "file": table_name(kind).removesuffix(".csv") + end,
        "type": kind,
        "time": "occurred_at",
        "account": "account_id",
        "user": "user_id",
        "id": "id",
    }
    properties = {
        name: {"column": name, "as": CAST_OF[name]} if name in CAST_OF else name for name in COLUMNS.get(kind, ())
    }
    if properties:
        entry["properties"] = properties
    return entry
