"""The tracking plan: rows in their order, then our own types, then features."""

import msgspec
import pytest

from services.ingest.core import tracking
from services.ingest.core.tracking import REMEMBERED_NAMES, Tracking, properties_by_row, value_at
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook.tracking import TrackingRow
from tests.support.intake import PLAYBOOK

ROWS = (
    TrackingRow(match="Report *", type="outcome.achieved", constants={"outcome": "reporting"}),
    TrackingRow(match="Report Exported", type="feature.used"),
    TrackingRow(match="session.started", type="user.deactivated"),
)


def _tracking(*rows: TrackingRow, paths: tuple[str, ...] = ("context.groupId",)) -> Tracking:
    plan = msgspec.structs.replace(PLAYBOOK.tracking, rows=rows, account_paths=paths)
    return Tracking(plan, PLAYBOOK.time)


def test_the_first_row_that_matches_decides_before_the_defaults() -> None:
    """Case matters, as it does in SDKs; a row may even take one of our own names."""
    plan = _tracking(*ROWS)
    for name, found in {
        "Report Exported": "outcome.achieved",
        "report exported": "feature.used",
        "session.started": "user.deactivated",
        "ticket.opened": "ticket.opened",
    }.items():
        for _ in range(2):
            meaning = plan.meaning_of(name)
            assert meaning is not None
            assert meaning.type == found


def test_only_what_nothing_names_is_unmapped() -> None:
    """Names of control records have no meaning at all."""
    plan = _tracking(*ROWS)
    assert [
        getattr(plan.meaning_of(name), "unmapped", None) for name in ("Report X", "user.erased", "Song", "control.x")
    ] == [
        False,
        False,
        True,
        None,
    ]


def test_a_row_of_a_type_that_there_is_not_is_refused() -> None:
    """The service does not start with it."""
    with pytest.raises(ConfigurationError, match=r"no event type is named 'usage\.guessed'"):
        _tracking(TrackingRow(match="x", type="usage.guessed"))


def test_names_are_remembered_in_bounded_memory() -> None:
    """A client that makes up names does not fill it."""
    plan = _tracking()
    for number in range(REMEMBERED_NAMES + 5):
        plan.meaning_of(f"made up {number}")
    assert len(plan._meanings) == 5


def test_a_row_takes_properties_from_paths_and_constants() -> None:
    """A path that leads nowhere gives no property; null is nothing, too."""
    row = TrackingRow(
        match="x",
        type="usage.recorded",
        properties={"quantity": "properties.calls", "metric": "context.app.name", "cost": "properties.none.cost"},
        constants={"metric": "default"},
    )
    call = {"properties": {"calls": 3, "none": None}, "context": {"app": {"name": "api"}}}
    assert properties_by_row(row, call) == {"quantity": 3, "metric": "api"}
    assert properties_by_row(row, {}) == {"metric": "default"}


def test_other_account_paths_say_what_must_be_in_the_properties() -> None:
    """So that calls without it need not be read a second time."""
    plan = _tracking(paths=("context.groupId", "properties.$groups.account", "context.traits.company", "properties"))
    assert plan.other_account_paths == (
        ("properties.$groups.account", b'"$groups"'),
        ("context.traits.company", None),
        ("properties", None),
    )


def test_a_path_is_followed_through_objects_only() -> None:
    """Lists and texts have no names in them."""
    assert value_at({"a": {"b": 1}}, "a.b") == 1
    assert value_at({"a": ["b"]}, "a.b") is None
    assert value_at({}, "a") is None


def test_a_slot_is_never_of_no_length() -> None:
    """Zero minutes in the playbook mean the shortest slot."""
    time = msgspec.structs.replace(PLAYBOOK.time, session_slot_minutes=0)
    assert tracking.Tracking(PLAYBOOK.tracking, time).slot_ms == 60_000
