"""The playbook of a newcomer as text: only what differs from the default one, with a comment for each part.

Shape: `extends: default`, so that whatever is not asked keeps its number. Pure; the real loader checks the text.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from shared.kernel.playbook import Playbook
from upswing.init.answers import Answers, slug

__all__ = ["playbook_text"]

HEAD = """\
# The playbook of {company}, written by `upswing init`. Only what differs from the default playbook stands here:
# every other number is described in docs/playbook.md, and shown by `upswing playbook show {file}`.
# After a change: `upswing playbook check {file}`, then start the services again (`upswing up`).
extends: default
version: {version}
currency: {currency}
"""
TRACKING = """
# What the calls of your SDK mean. A name without a row is `feature.used` with that name as the feature;
# `upswing events unmapped` lists such names with a row for each, to be pasted here. For example:
#   - {match: Report Exported, type: feature.used, constants: {feature: reports}}
#   - {match: "API *", type: usage.recorded, properties: {quantity: properties.calls}, constants: {metric: api_calls}}
tracking:
  rows: []
"""


def playbook_text(answers: Answers, default: Playbook, number: int, file: str) -> str:
    """Return the text of a playbook file. Shape: `number` makes its version a new one each time it is written."""
    head = HEAD.format(
        company=" ".join(answers.company.split()),
        file=file,
        version=_flow(f"{slug(answers.company)}-{number}"),
        currency=answers.currency,
    )
    return head + "".join(
        (*_segments(answers, default), *_plans(answers), *_gate(answers, default), TRACKING, *_roadmap(answers))
    )


def _segments(answers: Answers, default: Playbook) -> Iterator[str]:
    bounds = [answers.smb_below, answers.mid_market_below, None]
    if len(default.segments) != len(bounds) or [row.acv_below for row in default.segments] == bounds:
        return
    yield "\n# An account without a segment of its own is placed by 12 times its MRR.\nsegments:\n"
    for row, bound in zip(default.segments, bounds, strict=True):
        below = {} if bound is None else {"acv_below": bound}
        yield f"  - {_flow({'key': row.key, 'name': row.name} | below)}\n"


def _plans(answers: Answers) -> Iterator[str]:
    if not answers.plans:
        yield "\n# No plans were given, so those of the default playbook are in force: an example, not your offer.\n"
        return
    yield "\n# What you sell, the smallest plan first. Prices are a month's; a limit of null is unlimited.\n"
    yield "# A feature is gated for an account when its plan lacks it and a higher plan has it.\nplans:\n"
    features: dict[str, None] = {}
    above = [plan.name for plan in answers.plans[1:]]
    for place, plan in enumerate(answers.plans):
        features.update(dict.fromkeys(plan.features))
        yield f"  {_flow(plan.name)}:\n    price: {_flow(plan.price)}\n    seat_price: {_flow(plan.seat_price)}\n"
        yield f"    limits: {_flow(plan.limits)}\n    features: {_flow(list(features))}\n"
        if place < len(above):
            yield f"    next: {_flow(above[place])}\n"
    yield "\n# The features that show that an account works with your product.\n"
    yield f"core_features: {_flow(list(answers.core_features))}\n"
    yield "\n# The default playbook's examples of more products and add-ons are not yours.\nproducts: {}\naddons: {}\n"


def _gate(answers: Answers, default: Playbook) -> Iterator[str]:
    """Yield smaller numbers of core features where the default asks for more than there are."""
    if not answers.plans:
        return
    have = len(answers.core_features)
    small = [key for key, asked in default.gate.items() if asked.core_features > have]
    if small:
        yield f"\n# The default asks for more core features than the {have} that you have.\ngate:\n"
        yield from (f"  {key}: {{core_features: {have}}}\n" for key in small)


def _roadmap(answers: Answers) -> Iterator[str]:
    yield "\n# What is planned: an unmet need of a QBR that stands here calls for a proposal.\n"
    yield f"roadmap: {_flow(list(answers.roadmap))}\n"


def _flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    text: str = yaml.safe_dump([value], default_flow_style=True, width=1_000_000, allow_unicode=True, sort_keys=False)
    return text.strip()[1:-1]
