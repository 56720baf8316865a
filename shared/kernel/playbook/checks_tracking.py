"""Rows of the tracking plan that could never make a valid event, refused with their path when the playbook is read.

Shape: each check yields one sentence per problem: path, what was found, what is allowed. Source: definition 74.
"""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from shared.kernel.codec import explain
from shared.kernel.events import BY_NAME
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.names import is_glob, takes
from shared.kernel.playbook.sentences import unknown
from shared.kernel.playbook.tracking import TrackingPlan, TrackingRow


def check_tracking(playbook: Playbook) -> Iterator[str]:
    """Every row can make a valid event of some call, and every trait goes to a property that there is."""
    plan = playbook.tracking
    for place, row in enumerate(plan.rows):
        yield from _check_row(f"tracking.rows.{place}", row)
        yield from _check_reach(place, plan.rows)
    for place, path in enumerate(plan.account_paths):
        yield from _check_path(f"tracking.account_paths.{place}", path)
    yield from _check_traits(plan)


def _check_row(path: str, row: TrackingRow) -> Iterator[str]:
    if not row.names:
        yield f"{path}.match: found an empty list, at least one name is needed"
    if row.ignore:
        if row.type is not None or row.properties or row.constants:
            yield f"{path}: found ignore: true beside a type, properties or constants; such a row has only match"
        return
    if row.type is None:
        yield f"{path}.type: is missing; name an event type, or write ignore: true"
    elif row.type not in BY_NAME:
        yield unknown(f"{path}.type", row.type, "an event type", sorted(BY_NAME))
    else:
        yield from _check_properties(path, row, get_type_hints(BY_NAME[row.type].shape)["properties"])


def _check_properties(path: str, row: TrackingRow, shape: type[msgspec.Struct]) -> Iterator[str]:
    for ours, paths in row.paths.items():
        if not paths:
            yield f"{path}.properties.{ours}: found an empty list, at least one path is needed"
        for each in paths:
            yield from _check_path(f"{path}.properties.{ours}", each)
    for field in msgspec.structs.fields(shape):
        if field.required and field.name not in row.properties and field.name not in row.constants:
            yield f"{path}: {field.name} is missing; {row.type} needs it, from a path in properties or from constants"
    yield from _check_constants(path, row, shape)


def _check_constants(path: str, row: TrackingRow, shape: type[msgspec.Struct]) -> Iterator[str]:
    """Read an event that has the constants, and anything at all where a path gives what the type needs."""
    hints = get_type_hints(shape)
    needed = [field.name for field in msgspec.structs.fields(shape) if field.required and field.name in row.properties]
    event = {name: _anything(hints[name]) for name in needed} | row.constants
    try:
        msgspec.json.decode(msgspec.json.encode(event), type=shape)
    except msgspec.ValidationError as error:
        problem = explain(str(error))
        name = problem.field.partition(".")[0]
        if name in row.constants:
            allowed = problem.message.replace("Expected", "allowed is").replace("`", "")
            yield f"{path}.constants.{name}: found {row.constants[name]!r:.60}, {allowed}"


def _anything(kind: Any) -> Any:
    """Return a value that most fields of a kind take."""
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    return "x" if kind is str else 1


def _check_path(where: str, path: str) -> Iterator[str]:
    if not all(path.split(".")):
        yield f"{where}: found {path!r}, allowed are names joined by single dots, like properties.calls"


def _check_reach(place: int, rows: tuple[TrackingRow, ...]) -> Iterator[str]:
    """A row whose every name an earlier row takes would never be looked at."""
    takers = []
    for name in rows[place].names:
        taker = next((n for n, row in enumerate(rows[:place]) if name in row.names or _covers(row, name)), None)
        if taker is None:
            return
        takers.append(taker)
    if takers:
        what = "every name of it is" if len(takers) > 1 else f"{rows[place].names[0]!r} is"
        yield f"tracking.rows.{place}.match: {what} taken by tracking.rows.{takers[0]}, which stands before; move it up"


def _covers(row: TrackingRow, name: str) -> bool:
    return not is_glob(name) and takes(row.names, name)


def _check_traits(plan: TrackingPlan) -> Iterator[str]:
    for part, kind in (("group_traits", plan.group_type), ("identify_traits", plan.identify_type)):
        known = list(get_type_hints(BY_NAME[kind].shape)["properties"].__struct_fields__)
        for trait, ours in getattr(plan, part).items():
            if ours not in known:
                yield unknown(f"tracking.{part}.{trait}", ours, f"a property of {kind}", known)
