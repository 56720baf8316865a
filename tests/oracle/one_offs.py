"""The happenings that are an episode each, straight from their definitions.

Where the definitions leave a choice: of a happening that counts the value is 1, against 1; of an advocate's renewal
the value is the latest NPS of the account as known when the renewal is told, whoever gave it and on whatever day.

Source: playbook sections 6 and 7, definitions 14 and 16.
"""

from collections.abc import Iterator
from fractions import Fraction

from shared.kernel.events.capability_requested import CapabilityRequested
from shared.kernel.events.champion_changed import ChampionChanged
from shared.kernel.events.company_news import CompanyNews
from shared.kernel.events.envelope import Event
from shared.kernel.events.outcome_achieved import OutcomeAchieved
from shared.kernel.events.renewal_completed import RenewalCompleted
from shared.kernel.events.stakeholder_added import StakeholderAdded
from shared.kernel.events.survey_answered import SurveyAnswered
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.rules import OneOffRule
from tests.oracle.health import exact
from tests.oracle.history import day, rank
from tests.oracle.rows import Row, View
from tests.oracle.value import Level, Value


def happened(playbook: Playbook, name: str, event: Event, *, counts: bool) -> Iterator[Value]:
    """Return a happening that counts, with the day before which it stands (definition 16)."""
    rule: OneOffRule = getattr(playbook.rules, name)
    if counts:
        level = Level(None, Fraction(1), ">=", Fraction(0))
        yield Value(name, None, Fraction(1), (level,), until=day(event) + rule.stands_days)


def outcome_achieved(view: View, event: Event) -> Iterator[Value]:
    """Take a primary outcome."""
    counts = isinstance(event, OutcomeAchieved) and event.properties.primary
    yield from happened(view.playbook, "outcome_achieved", event, counts=counts)


def champion_promoted(view: View, event: Event) -> Iterator[Value]:
    """Take a champion who was promoted, or moved within."""
    counts = isinstance(event, ChampionChanged) and event.properties.change in {"promoted", "moved"}
    yield from happened(view.playbook, "champion_promoted", event, counts=counts)


def champion_left(view: View, event: Event) -> Iterator[Value]:
    """Take a champion who left, or moved away."""
    counts = isinstance(event, ChampionChanged) and event.properties.change in {"left", "moved_away"}
    yield from happened(view.playbook, "champion_left", event, counts=counts)


def executive_interest(view: View, event: Event) -> Iterator[Value]:
    """Take an executive who asks for a capability, or who is added as a stakeholder."""
    asks = isinstance(event, CapabilityRequested) and event.properties.by_executive
    joins = isinstance(event, StakeholderAdded) and event.properties.role == "executive"
    yield from happened(view.playbook, "executive_interest", event, counts=asks or joins)


def organisational_change(view: View, event: Event) -> Iterator[Value]:
    """Take the news that the playbook lists."""
    listed = view.playbook.rules.organisational_change.news
    counts = isinstance(event, CompanyNews) and event.properties.news in listed
    yield from happened(view.playbook, "organisational_change", event, counts=counts)


def renewed_advocate(view: View, event: Event) -> Iterator[Value]:
    """Take a renewal while the latest NPS of the account is high enough."""
    rule = view.playbook.rules.renewed_advocate
    answers = [answer for answer in view.history.of(SurveyAnswered) if answer.properties.survey == "nps"]
    if isinstance(event, RenewalCompleted) and answers:
        score = exact(max(answers, key=rank).properties.score)
        level = Level(None, Fraction(rule.nps), ">=", Fraction(0))
        yield Value("renewed_advocate", None, score, (level,), until=day(event) + rule.stands_days)


ROWS = (
    Row("outcome_achieved", happening=outcome_achieved),
    Row("champion_promoted", happening=champion_promoted),
    Row("champion_left", happening=champion_left),
    Row("executive_interest", happening=executive_interest),
    Row("organisational_change", happening=organisational_change),
    Row("renewed_advocate", happening=renewed_advocate),
)
