"""The tracking plan: rows in their order, then our own types, then features."""

from typing import Any

import msgspec
import pytest

from services.ingest.core import tracking
from services.ingest.core.tracking import REMEMBERED_NAMES, Tracking, properties_from_traits, value_at
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook.tracking import TrackingRow
from tests.support.intake import PLAYBOOK, make_world, take

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


def _made(row: TrackingRow, call: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that a row makes of a call."""
    meaning = _tracking(row).meaning_of("x")
    assert meaning is not None
    assert meaning.recipe is not None
    made = meaning.recipe.properties(msgspec.json.encode(call.get("properties", {})), lambda: call)
    found: dict[str, Any] = msgspec.json.decode(made)
    return found


def test_a_row_takes_properties_from_paths_and_constants() -> None:
    """A path that leads nowhere gives no property, so the constant stands; null is nothing, too."""
    row = TrackingRow(
        match="x",
        type="usage.recorded",
        properties={"quantity": "properties.calls", "metric": "context.app.name", "cost": "properties.none.cost"},
        constants={"metric": "default"},
    )
    call = {"properties": {"calls": 3, "none": None}, "context": {"app": {"name": "api"}}}
    assert _made(row, call) == {"quantity": 3, "metric": "api"}
    assert _made(row, {}) == {"metric": "default"}


def test_of_several_paths_the_first_that_leads_to_a_value_counts() -> None:
    """So one row serves clients that speak differently: SDKs, CloudEvents and what somebody wrote by hand."""
    several = {"quantity": ("properties.calls", "data.units", "traits.count")}
    row = TrackingRow(match="x", type="usage.recorded", properties=several, constants={"metric": "api"})
    assert _made(row, {"properties": {"calls": 0}, "data": {"units": 5}})["quantity"] == 0
    assert _made(row, {"properties": {"calls": None}, "data": {"units": 5}})["quantity"] == 5
    assert _made(row, {"traits": {"count": 7}})["quantity"] == 7


def test_only_the_properties_are_read_when_no_path_leads_out_of_them() -> None:
    """And nothing at all is read for a row of constants, unless a competitor may have been mentioned."""

    def never() -> dict[str, Any]:
        raise AssertionError("the whole call was read")

    fixed = _tracking(TrackingRow(match="x", type="feature.used", constants={"feature": "f"})).meaning_of("x")
    inner = _tracking(TrackingRow(match="x", type="feature.used", properties={"feature": "properties.a.b"}))
    shallow = inner.meaning_of("x")
    assert fixed is not None and fixed.recipe is not None  # noqa: PT018 - for the type checker
    assert shallow is not None and shallow.recipe is not None  # noqa: PT018 - for the type checker
    assert fixed.recipe.properties(b"no JSON at all", never) == b'{"feature":"f"}'
    mentioned = b'{"mentions_competitor":true,"x":1}'
    assert fixed.recipe.properties(mentioned, never) == b'{"feature":"f","mentions_competitor":true}'
    assert fixed.recipe.properties(b'{"x":"mentions_competitor"}', never) == b'{"feature":"f"}'
    assert shallow.recipe.properties(b'{"a":{"b":"c"}}', never) == b'{"feature":"c"}'
    assert shallow.recipe.properties(b"null", never) == b"{}"


def test_a_row_that_ignores_takes_the_call_and_makes_no_event() -> None:
    """It is counted as accepted, so that no client sends it again; it is neither unmapped nor rejected."""
    world = make_world()
    world.tracking = _tracking(TrackingRow(match=("$autocapture", "Heart*"), ignore=True))
    calls = [{"type": "track", "event": name, "userId": "u"} for name in ("$autocapture", "Heartbeat", "Other")]
    intake = take("/v1/batch", {"batch": calls}, world)
    assert (intake.accepted, intake.ignored, intake.unmapped, intake.groups) == (2, 2, 1, {})
    assert [rejected.index for rejected in intake.rejected] == [2]


def test_a_name_spelled_like_a_glob_is_taken_letter_by_letter_too() -> None:
    """Some tools put their own name in brackets before the event's."""
    plan = _tracking(TrackingRow(match="[Amplitude] Page*", type="session.started"))
    assert plan.meaning_of("[Amplitude] Page*") == plan.meaning_of("A Page viewed")
    meaning = plan.meaning_of("[Amplitude] Page viewed")
    assert meaning is not None
    assert meaning.unmapped


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


def test_a_trait_with_dots_is_a_path_unless_it_is_a_name() -> None:
    """Segment's reserved trait `address` holds the country."""
    mapping = {"address.country": "country", "plan.name": "plan", "a.b": "name"}
    assert properties_from_traits(mapping, {"address": {"country": "DE"}, "plan.name": "Pro"}) == {
        "country": "DE",
        "plan": "Pro",
    }
