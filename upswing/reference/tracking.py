"""What the default playbook makes of calls, as tables."""

from pathlib import Path

import msgspec

from shared.io.playbooks import read_playbook
from shared.kernel.playbook.tracking import TrackingRow

__all__ = ["default_rows", "default_traits"]

DEFAULT = Path(__file__).parents[2] / "playbooks" / "default.yaml"


def default_rows() -> str:
    """Return the default playbook's rows as Markdown."""
    rows = [_row(row) for row in read_playbook(DEFAULT).tracking.rows]
    return "\n".join(["| `match` | becomes | properties from paths | constants |", "|---|---|---|---|", *rows])


def default_traits() -> str:
    """Return which trait becomes which property, as Markdown."""
    plan = read_playbook(DEFAULT).tracking
    parts = (("group", plan.group_type, plan.group_traits), ("identify", plan.identify_type, plan.identify_traits))
    rows = [
        f"| `{call}` | `{kind}` | {', '.join(_renamed(trait, ours) for trait, ours in traits.items())} |"
        for call, kind, traits in parts
    ]
    return "\n".join(["| call | becomes | traits that are taken |", "|---|---|---|", *rows])


def _renamed(trait: str, ours: str) -> str:
    return f"`{trait}`" if trait == ours else f"`{trait}` as `{ours}`"


def _row(row: TrackingRow) -> str:
    paths = ", ".join(f"`{ours}`: `{'`, `'.join(found)}`" for ours, found in row.paths.items())
    constants = ", ".join(f"`{name}`: `{msgspec.json.encode(value).decode()}`" for name, value in row.constants.items())
    becomes = "nothing" if row.ignore else f"`{row.type}`"
    return f"| `{'`, `'.join(row.names)}` | {becomes} | {paths or '–'} | {constants or '–'} |"
