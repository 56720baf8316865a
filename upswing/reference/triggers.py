"""The triggers that are looked at, each from its row, its numbers in the playbook, and what it feeds on.

Source: playbook sections 6 and 7.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from services.signals.core import rules
from services.signals.core.rules import OPS_RULES, RULES
from services.signals.core.rules.ops_row import OpsRow
from services.signals.core.rules.row import RuleRow
from shared.io.playbooks import read_playbook
from shared.kernel.phrases import counted
from shared.kernel.playbook import Playbook
from upswing.history.needs import needs_under

__all__ = ["examples", "triggers"]

DEFAULT = Path(__file__).parents[2] / "playbooks" / "default.yaml"
ALL: tuple[RuleRow | OpsRow, ...] = (*RULES, *OPS_RULES)
UNITS = {"percent": "a percentage", "count": "a count", "points": "points"}


def triggers() -> str:
    """Return a section for each rule as Markdown, with the numbers of the default playbook."""
    playbook = read_playbook(DEFAULT)
    return "\n\n".join(_section(row, playbook) for row in ALL)


def examples() -> str:
    """Return a table of what the evidence of each rule says."""
    rows = [f"| `{row.name}` | {row.example} |" for row in ALL]
    return "\n".join(["| trigger | an example |", "|---|---|", *rows])


def _section(row: RuleRow | OpsRow, playbook: Playbook) -> str:
    rule = getattr(playbook.rules, row.name)
    play = playbook.plays[rule.play]
    due = counted(play.response_due_days, play.response_due_in.removesuffix("s").replace("_", " "))
    lines = [
        f"### `{row.name}`",
        "",
        _meaning(row.name),
        "",
        f"- **Kind**: {_kind(row)}.",
        f"- **Feeds on**: {'; '.join(_needs(row.name, playbook))}.",
        f"- **Recommends**: {play.name} (`{rule.play}`): {play.response}, due in {due}.",
        f"- **Numbers** (`rules.{row.name}`): {', '.join(_numbers(rule)) or 'none of its own'}.",
        f"- **Tuning**: {' '.join(row.tuning.split())}",
    ]
    return "\n".join(lines)


def _meaning(name: str) -> str:
    """Return the first paragraph of the rule's file."""
    told = sys.modules[f"{rules.__name__}.{name}"].__doc__ or ""
    return " ".join(told.split("\n\n")[0].split())


def _kind(row: RuleRow | OpsRow) -> str:
    if isinstance(row, OpsRow):
        return "ops, of no account. **Value**: events. **Looked at**: by ingest, when an hour is over"
    kind = f"expansion, {row.category}" if row.kind == "expansion" else f"{row.kind}, never gated"
    return f"{kind}. **Value**: {UNITS[row.unit]}. **Looked at**: {_looked_at(row)}"


def _looked_at(row: RuleRow) -> str:
    if row.happening is not None:
        return "when its event arrives; each one is a trigger of its own"
    if row.by_day == "ended":
        return "when the day changes, over the days that have ended"
    if row.by_day == "begins":
        return "when the day changes, as of the day that begins"
    return "after every record and when the day changes"


def _needs(name: str, playbook: Playbook) -> Iterator[str]:
    for need in needs_under(playbook):
        if need.kind == "rule" and need.name == name:
            scope = f" (`{need.scope}`)" if need.scope else ""
            yield (" and ".join(want.what for want in need.wants) or "what the other expansion rules find") + scope


def _numbers(rule: Any) -> Iterator[str]:
    for name in rule.__struct_fields__:
        value = getattr(rule, name)
        if name == "levels":
            yield "levels " + ", ".join(f"`{one.name}` {one.comparison} {one.percent}" for one in value)
        elif name not in ("enabled", "play"):
            yield f"`{name}` {_written(value)}"


def _written(value: Any) -> str:
    """Return a value as the playbook's reader knows it: lists and mappings in brackets, nothing as a word."""
    if isinstance(value, Mapping):
        rows = [f"{key}: {', '.join(item) if isinstance(item, tuple) else item}" for key, item in value.items()]
        return f"({'; '.join(rows)})" if rows else "none"
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))})" if value else "none"
    return str(value)
