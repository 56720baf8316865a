"""How tests write a log and a playbook: short, and only what the case needs.

Shape: an instant is `YYYY-MM-DD HH:MM`, UTC.
"""

from copy import deepcopy
from typing import Any

import msgspec

from shared.kernel.clock import parse_instant
from shared.kernel.ids import partition_for
from shared.kernel.playbook import Playbook, build_playbook
from shared.kernel.playbook.risk import Rules
from tests.support.playbooks import default_data

# The rules that most cases are told by: whoever tells of another names it with `only`.
USUAL = (
    "usage_ceiling",
    "seat_saturation",
    "gated_exploration",
    "headcount_growth",
    "power_user",
    "contract_milestone",
    "qbr_outcome",
)


def only(*rules: str) -> dict[str, object]:
    """Return the changes that leave these rules about accounts on, and switch off all others."""
    about_accounts = [name for name in Rules.__struct_fields__ if name != "source_silent"]
    return {f"rules.{name}.enabled": name in rules for name in about_accounts}


# A gate that opens as soon as one core feature was used once: for cases that are not about the gate.
WIDE_OPEN: dict[str, object] = only(*USUAL) | {
    "measures.adopted_days": 1,
    "measures.adopted_window_days": 60,
    "gate.smb": {
        "days_since_onboarding": 0,
        "core_features": 1,
        "core_departments": None,
        "health_score": 0,
        "active_share_percent": 0,
        "ticket_trend": ["declining", "stable", "growing"],
        "sentiment": 0,
        "exec_sponsor": False,
        "qbr_days": None,
        "unknown": dict.fromkeys(
            ("days_since_onboarding", "health_score", "active_share_percent", "sentiment"), "leave_out"
        ),
    },
}


_BUILT: dict[str, Playbook] = {}


def playbook(changes: dict[str, object] | None = None) -> Playbook:
    """Return the default playbook with some fields changed. Shape: `{"rules.seat_saturation.active_days": 3}`."""
    written = repr(changes or {})
    if written not in _BUILT:
        _BUILT[written] = _build(changes or {})
    return _BUILT[written]


def _build(changes: dict[str, object]) -> Playbook:
    data: Any = default_data()
    for path, value in changes.items():
        *parents, last = path.split(".")
        part = data
        for name in parents:
            part = part[name]
        part[last] = deepcopy(value)  # a later path may lead into it
    return build_playbook(data)


def instant(when: str | int) -> int:
    """Return the instant that a test wrote."""
    return parse_instant(when)


def event(
    kind: str,
    account: str,
    when: str | int,
    name: str,
    *,
    user: str | None = None,
    source: str = "app",
    properties: dict[str, object] | None = None,
) -> bytes:
    """Return one event as a line. Shape: `name` is its id."""
    line: dict[str, object] = {
        "type": kind,
        "id": name,
        "source": source,
        "account_id": account,
        "occurred_at": instant(when),
        "received_at": instant(when),
        "properties": properties or {},
    }
    if user is not None:
        line["user_id"] = user
    return msgspec.json.encode(line)


def control(kind: str, when: str | int, **fields: object) -> bytes:
    """Return one control record's line. Shape: `kind` without `control.`."""
    return msgspec.json.encode({"type": f"control.{kind}", "at": instant(when), **fields})


def accounts_of(partition: int, partitions: int, wanted: int) -> list[str]:
    """Return names of accounts that live in a partition."""
    names: list[str] = []
    number = 0
    while len(names) < wanted:
        if partition_for(f"acme-{number}", partitions) == partition:
            names.append(f"acme-{number}")
        number += 1
    return names
