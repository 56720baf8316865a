"""Taking a person out of texts and records: the id as such, nothing that merely contains it."""

from typing import Any

import msgspec
import pytest

from shared.kernel import unnamed
from shared.kernel.snapshots import RuleValue
from shared.kernel.triggers import Evidence, Trigger
from tests.support.pipeline.samples import make_snapshot, make_trigger


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ada", "erased"),
        ("Ask ada. She knows.", "Ask erased. She knows."),
        ("(ada), ada's", "(erased), erased's"),
        (
            "adamant, canada, ada@acme.example, ada-2, x.ada, ada.b",
            "adamant, canada, ada@acme.example, ada-2, x.ada, ada.b",
        ),
        ("nobody", "nobody"),
    ],
)
def test_an_id_is_replaced_where_it_stands_alone(text: str, left: str) -> None:
    """A full stop may follow it; a further sign of a name or address may not."""
    assert unnamed.sayer("ada")(text) == left


def test_signs_in_an_id_mean_themselves() -> None:
    """An address with a plus and a dot."""
    say = unnamed.sayer("a.d+a@acme.example")
    assert say("from a.d+a@acme.example: yes; not axd+a@acme.example") == "from erased: yes; not axd+a@acme.example"


def test_any_value_is_gone_through_and_keys_stay() -> None:
    """Lists in dictionaries in lists."""
    given: Any = [{"ada": ["ada", 1, None, {"note": "by ada"}]}]
    assert unnamed.unname(given, unnamed.sayer("ada")) == [{"ada": ["erased", 1, None, {"note": "by erased"}]}]


def plain(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger as JSON has it."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(trigger))
    return found


def test_a_trigger_about_a_person_loses_its_scope() -> None:
    """The id of the trigger stays; one about a metric of the same name is another matter."""
    about = plain(make_trigger(rule="nps_drop", scope="ada", scope_type="user"))
    unnamed.unname_trigger(about, "ada")
    assert (about["scope"], about["trigger_id"]) == (
        "erased",
        make_trigger(rule="nps_drop", scope="ada", scope_type="user").trigger_id,
    )
    metric = plain(make_trigger(scope="ada", scope_type="metric"))
    unnamed.unname_trigger(metric, "ada")
    assert metric["scope"] == "ada"


def test_evidence_forgets_whom_it_names_in_numbers_and_sentence() -> None:
    """The others stay; a sentence is left alone when the numbers do not name the person."""
    evidence = Evidence(20, 2, ">=", "count", {"users": ["ada", "bob"], "acts": 20}, summary="20 acts by ada, bob")
    trigger = plain(make_trigger(evidence=evidence, people={"csm": "ada", "ae": "Abe"}))
    assert list(unnamed.persons_of(trigger)) == ["ada", "bob"]
    unnamed.unname_trigger(trigger, "ada")
    assert trigger["evidence"]["numbers"]["users"] == ["bob"]
    assert trigger["evidence"]["summary"] == "20 acts by erased, bob"
    assert trigger["people"] == {"csm": "erased", "ae": "Abe"}
    other = plain(make_trigger())
    before = msgspec.json.encode(other)
    unnamed.unname_trigger(other, "seats")
    assert msgspec.json.encode(other) == before
    assert list(unnamed.persons_of(other)) == []


def test_a_snapshot_forgets_scopes_and_facts() -> None:
    """Every rule's value is gone through."""
    value = RuleValue("nps_drop", "risk", None, "ada", "user", "fired", Evidence(1, 1, ">=", "count"))
    snapshot: dict[str, Any] = msgspec.to_builtins(
        make_snapshot(rules=(value,), facts={"champion": "ada", "csm": "Cleo", "name": "ada"})
    )
    unnamed.unname_snapshot(snapshot, "ada")
    assert snapshot["rules"][0]["scope"] == "erased"
    assert snapshot["facts"] == {"csm": "Cleo", "name": "ada"}


def test_an_event_forgets_who_did_it_and_whom_it_names() -> None:
    """Another's event that names the person keeps its own user."""
    event: dict[str, Any] = {"user_id": "ada", "properties": {"person": "ada"}}
    unnamed.unname_event(event, "ada")
    assert event == {"properties": {"person": "erased"}}
    event = {"user_id": "bob"}
    unnamed.unname_event(event, "ada")
    assert event == {"user_id": "bob", "properties": {}}


def test_what_stands_for_a_person_differs_by_account_and_never_runs_together() -> None:
    """The lengths are part of it."""
    tokens = {unnamed.token(*pair) for pair in (("a", "bc"), ("ab", "c"), ("a", "b"), ("b", "a"))}
    assert len(tokens) == 4
    assert unnamed.token("a", "b") == unnamed.token("a", "b")
    assert all(one.startswith("erased:") for one in tokens)
