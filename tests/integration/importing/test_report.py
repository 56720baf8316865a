"""What data can and cannot feed, and what that means for the gate."""

from collections.abc import Callable
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from shared.kernel.events import BY_NAME
from shared.kernel.playbook import Playbook, rule_names
from shared.kernel.playbook.gate import GateCriteria, HealthWeights
from tests.support.importing import asked, import_files, silent, write_mapping
from tests.support.playbooks import shipped
from upswing.history.needs import NEEDS, needs_under
from upswing.history.report import Profile, oddities, span, what_is_fed
from upswing.importing.prepare import choose, prepare
from upswing.importing.profile import profile
from upswing.importing.tell import COUNT_SECONDS, Counted, tell

PLAYBOOK = shipped()
FIRST = 1_767_225_600_000
NUMBERS = count()
Event = dict[str, Any]
Of = Callable[[list[Event]], Profile]
BUILT = {"usage_ceiling", "seat_saturation", "gated_exploration"}


def _call(name: str, at_ms: int = 0, user: str | None = None, account: str = "a", **properties: object) -> Event:
    return {"type": name, "at": at_ms, "user": user, "account": account, "properties": properties}


@pytest.fixture
def of(tmp_path: Path) -> Of:
    """What events hold, counted as an import counts them."""

    def counted(events: list[Event]) -> Profile:
        folder = tmp_path / str(next(NUMBERS))
        folder.mkdir()
        rows = [event | {"id": str(number), "at": event["at"] + FIRST} for number, event in enumerate(events)]
        (folder / "e.ndjson").write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
        item = {"type": "type", "id": "id", "account_id": "account", "user_id": "user"}
        item |= {"properties": {"column": "properties", "as": "json"}}
        write_mapping(folder, [{"file": "e", "dialect": "native", "time": "at", "item": item, "optional": ["user"]}])
        wish = asked(folder)
        prepared = prepare(wish, choose(wish), folder / "work", silent)
        try:
            assert prepared.quality.refused == 0
            return profile(prepared.connection)
        finally:
            prepared.close()

    return counted


def _why(of: Of, calls: list[Event], name: str, kind: str = "rule", playbook: Playbook = PLAYBOOK) -> tuple[bool, str]:
    (row,) = [row for row in what_is_fed(of(calls), playbook, BUILT) if (row.name, row.kind) == (name, kind)]
    return row.fed, row.why


def test_every_rule_criterion_and_component_has_its_needs() -> None:
    """None is forgotten, none is made up."""
    by_kind = {kind: {need.name for need in NEEDS if need.kind == kind} for kind in ("rule", "criterion", "health")}
    assert by_kind["rule"] == set(rule_names(PLAYBOOK))
    assert by_kind["criterion"] == set(GateCriteria.__struct_fields__) - {"unknown"}
    assert by_kind["health"] == set(HealthWeights.__struct_fields__)


def test_needs_name_types_and_properties_that_exist() -> None:
    """A token that no event can hold would never be met."""
    for token in (token for need in needs_under(PLAYBOOK) for want in need.wants for token in want.tokens):
        name = next(name for name in BY_NAME if token == name or token.startswith((f"{name}.", f"{name}:")))
        rest = token.removeprefix(name)
        hints = BY_NAME[name].shape.__annotations__["properties"]
        assert not rest.startswith(".") or rest == ".user" or rest[1:] in hints.__struct_fields__


def test_data_without_user_ids_cannot_measure_active_seats(of: Of) -> None:
    """And with seats, the share counts as nought, which shuts the gate."""
    calls = [_call("account.updated", seats=5, plan="Starter"), _call("feature.used", feature="reports")]
    assert _why(of, calls, "seat_saturation (active)") == (False, "needs user ids on sessions, features or usage")
    fed, why = _why(of, calls, "active_share_percent", "criterion")
    assert not fed
    assert why.endswith("is never met, which keeps expansion shut for smb, mid_market, enterprise")
    assert _why(of, [*calls, _call("session.started", user="u")], "seat_saturation (active)") == (True, "")


def test_an_unknown_criterion_blocks_or_is_left_out_as_the_playbook_says(of: Of) -> None:
    """Definition 28."""
    calls = [_call("feature.used", feature="x")]
    assert _why(of, calls, "sentiment", "criterion")[1].endswith("unknown, which blocks smb, mid_market, enterprise")
    sampled = shipped("sampled")
    assert _why(of, calls, "sentiment", "criterion", sampled)[1].endswith("unknown, left out (lower confidence)")
    assert _why(of, calls, "ticket_trend", "criterion")[1].endswith("no tickets count as declining")
    assert _why(of, calls, "exec_sponsor", "criterion")[1].endswith("keeps expansion shut for enterprise")
    assert _why(of, calls, "qbr_days", "criterion", sampled)[1].endswith("the playbook does not ask it")


def test_add_ons_need_the_events_that_show_their_problems(of: Of) -> None:
    """Those that the playbook names; one without add-ons says so."""
    onboarded = _call("account.updated", onboarded_at="2026-01-01")
    why = "needs events that an add-on's problem counts (feature.used, ticket.opened)"
    assert _why(of, [onboarded], "addon_problem") == (False, why)
    assert _why(of, [onboarded, _call("ticket.opened", ticket_id="t")], "addon_problem")[0]
    none = msgspec.structs.replace(PLAYBOOK, addons={})
    assert _why(of, [onboarded], "addon_problem", playbook=none) == (False, "needs an add-on in the playbook")
    addons = {name: msgspec.structs.replace(addon, earliest_day=0) for name, addon in PLAYBOOK.addons.items()}
    early = msgspec.structs.replace(PLAYBOOK, addons=addons)
    assert _why(of, [_call("ticket.opened", ticket_id="t")], "addon_problem", playbook=early)[0]


def test_a_rule_that_this_version_does_not_look_at_is_said_so(of: Of) -> None:
    """The data would do."""
    fed, why = _why(of, [_call("ticket.opened", ticket_id="t")], "ticket_surge")
    assert fed
    assert "this version does not look at the rule yet" in why


def test_what_only_live_traffic_can_feed_is_no_rule_that_this_version_lacks(of: Of) -> None:
    """A source that falls silent is told of by another part; files of the past have nothing for it."""
    found = of([_call("session.started", user="u")])
    (row,) = [row for row in what_is_fed(found, PLAYBOOK, BUILT) if row.name == "source_silent"]
    assert (row.fed, row.built, row.why) == (False, True, "needs live traffic: files of the past have none")


def test_the_report_lists_the_rules_that_are_looked_at_and_counts_the_others(tmp_path: Path) -> None:
    """And names the playbook that it went by; lines that are no JSON are unreadable rows."""
    own = tmp_path / "own.yaml"
    own.write_text("version: own-1\nextends: default\n")
    item = {"type": "type", "id": "id", "account_id": "account", "properties": {"column": "said", "as": "json"}}
    entry = {"file": "e", "dialect": "native", "time": "at", "item": item}
    line = b'{"type":"ticket.opened","id":"1","account":"a","at":"2026-01-01","said":{"ticket_id":"t"}}\n'
    quality = import_files(tmp_path, {"e.ndjson": line + b"nonsense\n"}, [entry], own_playbook=own).quality
    assert [(file.rows, file.broken) for file in quality.files] == [(2, 1)]
    assert quality.playbook == str(own)
    console = Console(width=200, file=StringIO())
    tell(quality, console)
    told = console.file.getvalue()  # type: ignore[attr-defined]  # it is the text that was given
    assert f"read by the playbook {own}" in told
    assert "usage_ceiling" in told
    assert "ticket_surge" in told
    assert "not looked at by this version" not in told
    fed = [msgspec.structs.replace(row, built=row.name != "ticket_surge") for row in quality.fed]
    tell(msgspec.structs.replace(quality, fed=fed), console)
    again = console.file.getvalue().removeprefix(told)  # type: ignore[attr-defined]  # as above
    assert "ticket_surge" not in again
    assert "1 more rules of the playbook are not looked at by this version; these data would do for 1 of them" in again


def test_progress_is_told_every_few_seconds_and_not_for_little_work() -> None:
    """A line for each batch would be hundreds for a million rows."""
    told: list[str] = []
    times = iter([0.0, 1.0, COUNT_SECONDS, COUNT_SECONDS + 1, 2 * COUNT_SECONDS])
    counted = Counted(told.append, "calls understood", lambda: next(times))
    for done in (2_000, 4_000, 6_000, 8_000):
        counted.told(done)
    assert told == ["4,000 calls understood", "8,000 calls understood"]


def test_what_is_odd_about_the_data_is_told(of: Of) -> None:
    """Unknown plans, metrics without limits and the other way round, features of no plan, events before the account."""
    calls = [
        _call("usage.recorded", metric="sms", quantity=1),
        _call("feature.used", feature="magic", at_ms=1),
        _call("account.updated", at_ms=2, plan="Gold"),
    ]
    told = list(oddities(of(calls), PLAYBOOK))
    assert told[0].startswith("2 of 3 events lie before the first facts of their account")
    assert told[1].startswith("the playbook knows no plan Gold")
    assert told[2].startswith("no plan limits the metric sms")
    assert told[3] == "plans limit api_calls, contacts, storage_gb, which these data never measure"
    assert told[4].startswith("none of the features used is in any plan")
    assert next(oddities(of([_call("feature.used", feature="reports")]), PLAYBOOK)).startswith("plans limit")


def test_the_span_is_told_in_one_line(of: Of) -> None:
    """Accounts, users, first and last day."""
    calls = [_call("session.started", user="u"), _call("session.started", at_ms=86_400_000, account="b", user="u")]
    assert span(of(calls)) == "2 accounts, 2 named users, 2026-01-01 to 2026-01-02 (2 days)"


@pytest.mark.parametrize("flag", [True, False])
def test_a_competitor_mentioned_in_any_event_counts(of: Of, flag: bool) -> None:
    """Definition 60."""
    fed, _why_not = _why(of, [_call("ticket.opened", ticket_id="t", mentions_competitor=flag)], "competitor_mention")
    assert fed is flag


def test_fed_rows_are_values(of: Of) -> None:
    """They can be encoded for other uses."""
    rows = what_is_fed(of([_call("feature.used", feature="x")]), PLAYBOOK, BUILT)
    assert msgspec.json.decode(msgspec.json.encode(rows))[0]["name"] == "usage_ceiling"
