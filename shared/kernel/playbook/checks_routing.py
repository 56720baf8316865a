"""What makes sense together in plays, leads and ownership. Source: playbook sections 8 and 9, definition 74."""

from collections.abc import Iterator
from typing import get_args

from shared.kernel.playbook.bounds import Deal
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.sentences import twice, unknown


def check_plays(playbook: Playbook) -> Iterator[str]:
    """Every play that is named exists, every play belongs to a rule, every primary trigger is a rule."""
    rules = {name: getattr(playbook.rules, name) for name in playbook.rules.__struct_fields__}
    for name, rule in rules.items():
        if rule.play not in playbook.plays:
            yield unknown(f"rules.{name}.play", rule.play, "a play", sorted(playbook.plays))
    for key, motion in playbook.routing.items():
        if motion.primary_trigger not in rules:
            yield unknown(f"routing.{key}.primary_trigger", motion.primary_trigger, "a rule", sorted(rules))
    for place, row in enumerate(playbook.calendar):
        if row.play is not None and row.play not in playbook.plays:
            yield unknown(f"calendar.{place}.play", row.play, "a play", sorted(playbook.plays))


def check_csql(playbook: Playbook) -> Iterator[str]:
    """Stages have different names, and every clock starts at a stage that exists and is not behind."""
    keys = [stage.key for stage in playbook.csql.stages]
    yield from twice("csql.stages", tuple(keys))
    for place, stage in enumerate(playbook.csql.stages):
        if stage.sla is None:
            continue
        path = f"csql.stages.{place}.sla.after"
        if stage.sla.after not in keys:
            yield unknown(path, stage.sla.after, "a stage", keys)
        elif stage.sla.in_stage != (stage.sla.after == stage.key):
            allowed = "itself" if stage.sla.in_stage else "an earlier stage"
            yield f"{path}: found {stage.sla.after!r}, allowed is {allowed}"
        elif keys.index(stage.sla.after) > place:
            yield f"{path}: found {stage.sla.after!r}, allowed is an earlier stage"


def check_ownership(playbook: Playbook) -> Iterator[str]:
    """Every kind of deal has its line between CS and sales."""
    for deal in get_args(Deal):
        if deal not in playbook.ownership.cs_below:
            yield f"ownership.cs_below: {deal} is missing, every kind of deal needs an amount or null"
