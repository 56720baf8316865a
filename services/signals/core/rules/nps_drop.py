"""Somebody who was content is not any more: a person's latest NPS is low, and the one before was not.

Source: playbook section 7, definitions 15 and 67.
"""

from collections.abc import Iterator

from services.signals.core import users
from services.signals.core.account import Account
from services.signals.core.people_state import Answer
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level, no_watch
from services.signals.core.terms import Terms
from shared.kernel.events.survey_answered import SurveyAnswered

NAME = "nps_drop"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a person has dropped or not."""
    rule = terms.playbook.rules.nps_drop
    return (count_level(rule, 1),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield 1 for each person who has dropped, 0 for one with an open trigger who has not any more.

    Whoever has an open trigger has two answers: an erasure, which alone takes answers away, ends it at once.
    """
    dropped = set[str | None]().union(*_dropped(account, terms))
    watched = {key[1] for key in account.episodes.of(NAME)} - dropped
    for scope in sorted(dropped, key=_by_name):
        yield Measure(scope, "user", 1, 1, None)
    for scope in sorted(watched, key=_by_name):
        yield Measure(scope, "user", 0, 1, None)


def fresh(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield 1 for each person who has dropped and has no trigger: of the others there may be thousands."""
    known = account.episodes.of(NAME)
    found = [scope for persons in _dropped(account, terms) for scope in persons if (NAME, scope, None) not in known]
    for scope in sorted(found, key=_by_name):
        yield Measure(scope, "user", 1, 1, None)


def _dropped(account: Account, terms: Terms) -> Iterator[set[str | None]]:
    """Yield the persons who have dropped, by their two answers."""
    rule = terms.playbook.rules.nps_drop
    for (before, latest), persons in account.people.falls.items():
        if latest <= rule.latest and before >= rule.before:
            yield persons


def _by_name(scope: str | None) -> tuple[bool, str]:
    return scope is not None, scope or ""


def _answers(account: Account, scope: str | None) -> tuple[Answer, ...]:
    if scope is None:
        return account.head.people.answers
    user = users.known(account, scope)
    return (user and user.answers) or ()


def tell(account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell both scores; who gave them is the scope's to say."""
    before, latest = (answer[0] for answer in _answers(account, measure.scope))
    who = "people who are not named" if measure.scope is None else "one person"
    return {"latest": latest, "before": before}, f"NPS {latest:g} after {before:g} by {who}"


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "count",
    only_falls=True,
    fresh=fresh,
    tell=tell,
    moved_by=frozenset({SurveyAnswered}),
    unmeasured="nobody whose latest of two answers is low after a high one",
    example="NPS 4 after 9 by one person (≥ 1)",
    tuning="""
    `latest` is the highest score that worries, `before` the lowest that counts as content. Each person is a scope of
    its own, and all answers without `user_id` together are one person: send it, or two people's answers are compared.
    """,
)
