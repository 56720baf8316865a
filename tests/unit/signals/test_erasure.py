"""From an erasure on no page, value of the changelog, snapshot or trigger holds the person's id: the bytes are scanned.

The ids of events are the client's own: here they do not name people.
"""

import msgspec
import pytest

from tests.oracle.writing import control, event
from tests.support.signals.kept import Kept

ADA = "ada.lovelace@acme.example"
DAY = "2026-03-{:02d} {:02d}:00"


def story_of(user: str, others: int = 4) -> list[bytes]:
    """Return a life in which every rule that knows people, and every fact that names them, has to do with one user."""
    lines = [
        event(
            "account.updated",
            "acme",
            DAY.format(1, 8),
            "f",
            properties={"seats": 40, "onboarded_at": "2026-01-01", "champion": user, "exec_sponsor": user},
        ),
        event("champion.changed", "acme", DAY.format(2, 8), "c", properties={"change": "left", "person": user}),
    ]
    for number, one in enumerate([user, *(f"other-{number}" for number in range(others))]):
        properties: dict[str, object] = {"department": "Finance", "email": one, "role": one}
        lines.append(event("user.provisioned", "acme", DAY.format(1, 9), f"p{number}", user=one, properties=properties))
        acts = 30 if one == user else 1
        lines += [event("session.started", "acme", DAY.format(2, 9), f"s{number}-{n}", user=one) for n in range(acts)]
        for day, score in ((3, 9), (4, 2)):
            answer: dict[str, object] = {"survey": "nps", "score": score}
            name = f"n{number}-{day}"
            lines.append(event("survey.answered", "acme", DAY.format(day, 9), name, user=one, properties=answer))
        for kind, more in (
            ("feature.used", {"feature": "dashboards"}),
            ("feature.blocked", {"feature": "sso"}),
            ("limit.reached", {"metric": "api_calls"}),
            ("usage.recorded", {"metric": "api_calls", "quantity": 5}),
            ("pricing.viewed", {}),
            ("capability.requested", {"feature": "sso", "by_executive": True}),
            ("engagement.recorded", {"kind": "webinar"}),
            ("ticket.opened", {"ticket_id": f"t{number}", "severity": "high"}),
            ("stakeholder.added", {"role": "executive"}),
            ("competitor.mentioned", {}),
        ):
            lines.append(event(kind, "acme", DAY.format(4, 10), f"{kind}{number}", user=one, properties=dict(more)))
    return lines


def test_nothing_of_an_erased_person_is_left_in_any_byte() -> None:
    """Every rule is on; triggers about the person stand, judged values and facts name them, and then they do not."""
    kept = Kept()
    kept.fold(control("tick", DAY.format(1, 0)))
    for line in story_of(ADA):
        kept.fold(line)
    kept.flush()
    for day in range(5, 8):
        kept.fold(control("tick", DAY.format(day, 0)))
    kept.flush()
    held = sum(ADA.encode() in found for found in kept.everything())
    assert held >= 4, "the story is too dull to prove anything"
    assert any(ADA.encode() in trigger for trigger in kept.triggers)
    kept.triggers.clear()
    kept.fold(event("user.erased", "acme", DAY.format(7, 9), "gone", user=ADA))
    kept.flush()
    _assert_gone(kept)
    for line in story_of(ADA):  # all of it again, late, under other ids
        body = msgspec.json.decode(line)
        if body["type"] != "champion.changed":  # that one is news about somebody, whenever it arrives
            kept.fold(msgspec.json.encode(body | {"id": "late-" + body["id"]}))
    for day in range(8, 40):
        kept.fold(control("tick", f"2026-04-{day:02d} 00:00" if day < 31 else f"2026-05-{day - 30:02d} 00:00"))
        if day % 5 == 0:
            kept.flush()
            kept.restart()
    kept.flush()
    _assert_gone(kept)


def _assert_gone(kept: Kept) -> None:
    for found in [*kept.everything(), *kept.triggers]:
        assert ADA.encode() not in found, found


def test_who_comes_back_is_a_new_person_and_may_be_erased_again() -> None:
    """Activity of after the erasure brings the id back, with nothing of before; then it goes again."""
    kept = Kept()
    for line in story_of(ADA):
        kept.fold(line)
    kept.fold(event("user.erased", "acme", DAY.format(5, 9), "gone", user=ADA))
    kept.flush()
    kept.restart()
    kept.fold(event("session.started", "acme", DAY.format(5, 10), "again", user=ADA))
    kept.flush()
    account = kept.engine.state.shelf.accounts["acme"]
    assert account.forgotten == 0
    (user,) = [page.users[ADA] for page in account.users if ADA in page.users]
    assert (user.on_day, user.answers, user.given, user.department, user.viewed_ms) == (1, None, None, None, -1)
    kept.triggers.clear()
    kept.fold(event("user.erased", "acme", DAY.format(5, 11), "gone2", user=ADA))
    kept.fold(event("session.started", "acme", DAY.format(5, 10), "late", user=ADA))
    kept.flush()
    _assert_gone(kept)


@pytest.mark.parametrize("flushes", [True, False])
def test_late_word_of_who_was_erased_brings_no_name_back(flushes: bool) -> None:
    """Departures, provisionings, answers, views, uses of before: none of them reaches a page by name."""
    kept = Kept()
    kept.fold(event("account.updated", "acme", DAY.format(1, 8), "f", properties={"seats": 4}))
    kept.fold(event("user.erased", "acme", DAY.format(5, 9), "gone", user=ADA))
    late: tuple[tuple[str, dict[str, object]], ...] = (
        ("user.provisioned", {"department": "Finance"}),
        ("user.deactivated", {}),
        ("survey.answered", {"survey": "nps", "score": 3}),
        ("pricing.viewed", {}),
        ("feature.used", {"feature": "dashboards"}),
        ("session.started", {}),
        ("user.erased", {}),
        ("account.updated", {"champion": ADA}),
    )
    for number, (kind, properties) in enumerate(late):
        user = None if kind == "account.updated" else ADA
        kept.fold(event(kind, "acme", DAY.format(4, 9), f"l{number}", user=user, properties=properties))
        if flushes:
            kept.flush()
            _assert_gone(kept)
    kept.flush()
    _assert_gone(kept)
    kept.restart()
    kept.fold(event("session.started", "acme", DAY.format(5, 8), "still", user=ADA))
    kept.flush()
    _assert_gone(kept)
    assert kept.engine.state.shelf.accounts["acme"].active.cells == {}


def test_a_later_departure_of_who_was_erased_is_remembered_by_the_digest() -> None:
    """Deactivated after the erasure: activity in between does not count either."""
    kept = Kept()
    kept.fold(event("user.erased", "acme", DAY.format(5, 9), "gone", user=ADA))
    kept.fold(event("user.deactivated", "acme", DAY.format(5, 11), "left", user=ADA))
    kept.flush()
    kept.restart()
    kept.fold(event("session.started", "acme", DAY.format(5, 10), "between", user=ADA))
    account = kept.engine.state.shelf.accounts["acme"]
    assert account.active.cells == {}
    kept.fold(event("session.started", "acme", DAY.format(5, 11), "after", user=ADA))
    assert sum(account.active.cells.values()) == 1


def test_a_champion_of_another_spelling_or_of_later_stays() -> None:
    """Only the very id is taken out; a fact of after the erasure names whom it names."""
    kept = Kept()
    kept.fold(event("account.updated", "acme", DAY.format(1, 8), "f", properties={"champion": "Ada L.", "csm": ADA}))
    kept.fold(event("user.erased", "acme", DAY.format(2, 8), "gone", user=ADA))
    facts = kept.engine.state.shelf.accounts["acme"].head.facts
    assert (facts["champion"][0], facts["csm"][0]) == ("Ada L.", None)
    kept.fold(event("account.updated", "acme", DAY.format(3, 8), "f2", properties={"champion": ADA}))
    assert facts["champion"][0] == ADA
    kept.fold(event("account.updated", "acme", DAY.format(3, 8), "f3", properties={"ae": "other", "champion": True}))
    assert facts["champion"][0] is True
    kept.fold(event("session.started", "acme", DAY.format(3, 9), "back", user=ADA))
    kept.fold(event("account.updated", "acme", DAY.format(2, 7), "f4", properties={"ae": ADA, "exec_sponsor": "zoe"}))
    assert facts["ae"][0] == "other"
    kept.fold(event("account.updated", "acme", DAY.format(1, 9), "f5", properties={"exec_sponsor": ADA}))
    kept.fold(event("account.updated", "acme", DAY.format(2, 7), "f6", properties={"csm": ADA}))
    assert (facts["exec_sponsor"][0], facts["csm"][0]) == ("zoe", None)


def test_the_snapshot_that_names_the_person_is_replaced_at_once() -> None:
    """Though no trigger ends and no number moves."""
    kept = Kept()
    kept.fold(event("account.updated", "acme", DAY.format(1, 8), "f", properties={"champion": ADA, "seats": 3}))
    assert ADA.encode() in (kept.snapshots[b"acme"] or b"")
    kept.fold(event("user.erased", "acme", DAY.format(1, 9), "gone", user=ADA))
    assert ADA.encode() not in (kept.snapshots[b"acme"] or b"")
