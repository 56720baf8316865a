"""The routes file, and the routes of playbook section 8."""

from typing import Any

import msgspec
import pytest

from services.notify.core.route import Match, Route, default_routes, parse_table, route
from services.notify.core.silence import Facts
from shared.kernel.errors import ConfigurationError

FACTS = Facts(
    account_id="acme",
    segment="SMB",
    kind="expansion",
    rule="usage_ceiling",
    level="owner",
    play="tier_migration",
    owner="ana",
    owner_role="csm",
)


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        (Match(), True),
        (Match(segment=("SMB", "Enterprise")), True),
        (Match(segment=("Enterprise",)), False),
        (Match(kind=("risk",)), False),
        (Match(rule=("seat_saturation",)), False),
        (Match(level=("owner", None)), True),
        (Match(level=(None,)), False),
        (Match(owner=("ana",)), True),
        (Match(owner=("csm",)), True),
        (Match(owner=("bob",)), False),
        (Match(segment=("SMB",), kind=("expansion",), rule=("usage_ceiling",), level=("owner",), owner=("csm",)), True),
    ],
)
def test_a_route_matches_when_all_its_matchers_hold(match: Match, holds: bool) -> None:
    """Each list is an "or", the lists together an "and"."""
    assert match.holds(FACTS) is holds


def test_the_first_route_that_matches_decides_unless_it_continues() -> None:
    """Channels keep the order of the table, each once."""
    rows = (
        Route("log", ("archive",), goes_on=True),
        Route("smb", ("app", "archive"), Match(segment=("SMB",))),
        Route("rest", ("slack",)),
    )
    found = route(rows, FACTS)
    assert (found.channels, found.routes) == (("archive", "app"), ("log", "smb"))
    assert route(rows[1:2], msgspec.structs.replace(FACTS, segment="Enterprise")).channels == ()


def test_no_route_no_channels() -> None:
    """What nobody wants goes nowhere."""
    assert route((Route("risk", ("slack",), Match(kind=("risk",))),), FACTS).channels == ()


@pytest.mark.parametrize(
    ("slack", "email", "smb", "rest"),
    [
        (("slack",), ("email",), ("in-app", "email"), ("slack",)),
        (("slack",), (), ("in-app", "slack"), ("slack",)),
        ((), ("email",), ("in-app", "email"), ("email",)),
    ],
)
def test_the_defaults_follow_the_playbook_with_the_channels_there_are(
    slack: tuple[str, ...], email: tuple[str, ...], smb: tuple[str, ...], rest: tuple[str, ...]
) -> None:
    """SMB expansion goes into the product and by mail, all else to Slack; one channel is enough."""
    rows = default_routes(slack, email, "in-app")
    assert route(rows, FACTS).channels == smb
    assert route(rows, msgspec.structs.replace(FACTS, kind="risk")).channels == rest


def test_a_table_is_read_with_its_channels_and_routes() -> None:
    """`continue` is a word of the file."""
    document = {
        "channels": {"slack": {"kind": "slack_webhook"}},
        "routes": [{"name": "all", "to": ["slack"], "continue": True, "match": {"kind": ["risk"]}}],
    }
    table = parse_table(document)
    assert table.routes == (Route("all", ("slack",), Match(kind=("risk",)), goes_on=True),)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (None, "Expected `object`"),
        ({"channels": {}, "routes": []}, "$.routes"),
        ({"channels": {}, "routes": [{"name": "a", "to": ["slack"]}]}, "routes[0].to names channel 'slack'"),
        ({"channels": {"a": {}}, "routes": [{"name": "a", "to": ["b"]}]}, "there are: a"),
        ({"channels": {"a": {}}, "routes": [{"name": "a", "to": ["a"], "mach": {}}]}, "mach"),
        (
            {"channels": {"a": {}}, "routes": [{"name": "a", "to": ["a"], "match": {"kind": ["x"]}}]},
            "kind is 'x'; allowed: expansion, risk",
        ),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_with_its_path(document: Any, said: str) -> None:
    """What is wrong, where, and what is allowed."""
    with pytest.raises(ConfigurationError) as refused:
        parse_table(document)
    assert said in str(refused.value)
