"""Rows of the tracking plan: what can never make a valid event is refused when the playbook is read."""

from typing import Any

import msgspec
import pytest

from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook, build_playbook, playbook_from_json, playbook_to_json
from tests.support.playbooks import default_data


def _with(*rows: dict[str, Any], **parts: Any) -> Playbook:
    data = default_data()
    data["tracking"] |= {"rows": list(rows)} | parts
    return build_playbook(data)


def test_rows_say_names_paths_constants_or_that_calls_are_ignored() -> None:
    """One name or path may stand without a list."""
    row, ignored = _with(
        {
            "match": ["API *", "api.call"],
            "type": "usage.recorded",
            "properties": {"quantity": ["properties.calls", "data.units"], "cost": "properties.cost"},
            "constants": {"metric": "api_calls"},
        },
        {"match": "$autocapture", "ignore": True},
    ).tracking.rows
    assert row.names == ("API *", "api.call")
    assert row.paths == {"quantity": ("properties.calls", "data.units"), "cost": ("properties.cost",)}
    assert (ignored.names, ignored.ignore, ignored.type) == (("$autocapture",), True, None)


USED = {"match": "x", "type": "feature.used"}
RECORDED = {"match": "x", "type": "usage.recorded", "properties": {"quantity": "properties.n"}}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"match": "x", "type": "usage.guessed"}, "tracking.rows.0.type: found 'usage.guessed', allowed is an event"),
        ({"match": "x"}, "tracking.rows.0.type: is missing; name an event type, or write ignore: true"),
        ({"match": [], "ignore": True}, "tracking.rows.0.match: found an empty list"),
        (USED | {"ignore": True}, "tracking.rows.0: found ignore: true beside a type"),
        (USED, "tracking.rows.0: feature is missing; feature.used needs it"),
        (
            USED | {"properties": {"feature": "properties..name"}},
            "tracking.rows.0.properties.feature: found 'properties..",
        ),
        (USED | {"properties": {"feature": []}}, "tracking.rows.0.properties.feature: found an empty list"),
        (
            USED | {"constants": {"feature": 5}},
            "tracking.rows.0.constants.feature: found 5, allowed is text, got a whole number",
        ),
        (USED | {"constants": {"feature": ""}}, "tracking.rows.0.constants.feature: found ''"),
        (
            USED | {"constants": {"feature": "a", "quantity": -1}},
            "tracking.rows.0.constants.quantity: found -1, quantity must be a number or its decimal text",
        ),
        (RECORDED | {"constants": {"metric": "m", "cost": "much"}}, "tracking.rows.0.constants.cost: found 'much'"),
        (
            {"match": "x", "type": "survey.answered", "constants": {"survey": "csat", "score": 9}},
            "tracking.rows.0.constants.score: found 9, score must be 1 to 5 for csat",
        ),
        (
            {
                "match": "x",
                "type": "survey.answered",
                "properties": {"score": "properties.n"},
                "constants": {"survey": "ces"},
            },
            "tracking.rows.0.constants.survey: found 'ces'",
        ),
    ],
)
def test_a_row_that_can_never_make_a_valid_event_is_refused_with_its_path(row: dict[str, Any], sentence: str) -> None:
    """What is wrong, where it stands, and what is allowed."""
    with pytest.raises(ConfigurationError) as refused:
        _with(row)
    assert f"playbook: {sentence}" in str(refused.value)


def test_a_row_behind_one_that_takes_all_its_names_is_refused() -> None:
    """The first row that takes a name decides, so this one would never be looked at."""
    first = USED | {"match": ["Report *", "Song"], "constants": {"feature": "a"}}
    for hidden in ("Report Exported", ["Song", "Report X"], "Report *"):
        with pytest.raises(ConfigurationError, match=r"tracking\.rows\.1\.match: .* taken by tracking\.rows\.0"):
            _with(first, USED | {"match": hidden, "constants": {"feature": "b"}})
    for seen in (["Song", "Other"], "Rep*", "*"):
        _with(first, USED | {"match": seen, "constants": {"feature": "b"}})


def test_traits_go_to_properties_that_there_are() -> None:
    """And account paths are paths."""
    row = USED | {"constants": {"feature": "a"}}
    with pytest.raises(ConfigurationError, match=r"tracking\.group_traits\.size: found 'headcount', allowed is a prop"):
        _with(row, group_traits={"size": "headcount"})
    with pytest.raises(ConfigurationError, match=r"tracking\.identify_traits\.team: found 'team'"):
        _with(row, identify_traits={"team": "team"})
    with pytest.raises(ConfigurationError, match=r"tracking\.account_paths\.0: found 'context\.'"):
        _with(row, account_paths=["context."])


def test_a_playbook_that_lies_in_the_log_is_read_as_it_is() -> None:
    """Rows were not checked always, and signals, which reads it, does nothing with them."""
    playbook = _with(USED | {"constants": {"feature": "a"}})
    row = msgspec.structs.replace(playbook.tracking.rows[0], type="usage.guessed")
    tracking = msgspec.structs.replace(playbook.tracking, rows=(row, row))
    body = playbook_to_json(msgspec.structs.replace(playbook, tracking=tracking))
    assert playbook_from_json(body).tracking.rows == (row, row)
