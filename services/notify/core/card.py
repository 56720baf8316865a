"""The card: what an alert says, the same in every channel. Built when it is sent, from all that is known then.

Source: playbook sections 5, 8 and 9; a CSM must understand it at once.
"""

from typing import Literal

import msgspec

from services.notify.core.evidence import explain, headline
from services.notify.core.figures import duration, money, number, shorten, words_of
from services.notify.core.group import urgency_of
from shared.kernel.people import Person
from shared.kernel.triggers import Criterion, Handoff, Trigger

MOST_HAPPENINGS = 8
MOST_TEXT = 600
MOST_FACTS = 8
BRIEF = ("usage", "champion", "goals", "timing")  # in the order in which they are read; a database keeps none
Mark = Literal["possible repeat", "test", "sent again"]
Phase = Literal["open", "resolved", "closed"]
STAGES = {"closed_won": "Closed-Won", "closed_lost": "Closed-Lost", "csql_created": "CSQL created"}
KINDS = {"expansion": "Expansion", "risk": "Risk", "adoption": "Adoption", "ops": "Operations"}
REASONS = {
    "contraction_risk": "contraction risk",
    "renewal_quiet": "renewal talks are quiet time",
    "suspended": "the account is suspended",
}


class Told(msgspec.Struct, frozen=True):
    """One trigger of the message. Units: `joined_at`, `resolved_at` are instants in milliseconds."""

    trigger: Trigger
    joined_at: int
    resolved_at: int | None = None


class Lead(msgspec.Struct, frozen=True):
    """What the pipeline has made of the key. Units: `due_at` an instant in milliseconds."""

    item: str
    item_id: str
    stage: str
    owner_id: str | None
    due_at: int | None


class Subject(msgspec.Struct, frozen=True):
    """All that an alert is made of. Shape: `told` oldest first, at least one; an empty `account_url` is no link."""

    told: tuple[Told, ...]
    lead: Lead | None
    owner: Person | None
    account_url: str
    closed: bool = False


class Happening(msgspec.Struct, frozen=True):
    """One thing that happened. Units: `at` an instant in milliseconds."""

    headline: str
    evidence: str
    level: str | None
    at: int
    ended: bool


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an alert in plain text, not yet escaped. Units: `due_at` an instant in milliseconds.

    Shape: `bridge` is the sentence that leads to what is offered, or empty; `brief` for whom it is handed to, by name.
    """

    marks: tuple[Mark, ...]
    phase: Phase
    kind: str
    segment: str
    account_id: str
    account_name: str
    account_url: str
    title: str
    happenings: tuple[Happening, ...]
    unlisted: int
    why_now: str
    readiness: str
    health: str
    play: str
    motion: str
    response: str
    due_at: int
    worth: str
    bridge: str
    brief: tuple[tuple[str, str], ...]
    owner: str
    owner_slack_id: str | None
    time_zone: str
    stage: str
    trigger_id: str
    play_id: str
    urgent: bool

    @property
    def about_account(self) -> bool:
        """Whether it is about an account; what is not has no worth, health or readiness."""
        return self.kind != KINDS["ops"]

    @property
    def about_growth(self) -> bool:
        """Whether it is about growth; what is not has no worth, no motion, and waits for no readiness."""
        return self.kind == KINDS["expansion"]

    @property
    def line(self) -> str:
        """The whole alert in one line: the notification, the subject of a mail, the delivery log."""
        marks = "".join(f"[{mark}] " for mark in self.marks)
        ended = {"open": "", "resolved": " (resolved)", "closed": " (closed)"}[self.phase]
        return shorten(f"{marks}{self.account_name}: {self.title}{ended} – {self.happenings[-1].evidence}", 300)


def make_card(subject: Subject, marks: tuple[Mark, ...], now_ms: int) -> Card:
    """Return what an alert says at an instant."""
    open_now = [told for told in subject.told if told.resolved_at is None] or list(subject.told)
    lead_told = max(open_now, key=lambda told: (urgency_of(told.trigger.level), told.joined_at))
    trigger = lead_told.trigger
    happenings = [_happening(told) for told in subject.told if told is not lead_told]
    shown = [*happenings[-(MOST_HAPPENINGS - 1) :], _happening(lead_told)]
    recommendation = trigger.recommendation
    resolved = all(told.resolved_at is not None for told in subject.told)
    return Card(
        marks=marks,
        phase="resolved" if resolved else "closed" if subject.closed else "open",
        kind=KINDS[trigger.kind],
        segment=words_of(trigger.segment) if trigger.kind != "ops" else "this installation",
        account_id=trigger.account_id,
        account_name=shorten(trigger.account_name or trigger.account_id, 100),
        account_url=subject.account_url if trigger.kind != "ops" else "",
        title=headline(trigger),
        happenings=tuple(shown),
        unlisted=len(subject.told) - len(shown),
        why_now=_why_now(trigger, now_ms),
        readiness=_readiness(trigger),
        health=_health(trigger),
        play=words_of(recommendation.play),
        motion=words_of(recommendation.motion),
        response=shorten(words_of(recommendation.response), MOST_TEXT),
        due_at=recommendation.response_due,
        worth=_worth(trigger),
        bridge=shorten(recommendation.bridge or "", MOST_TEXT),
        brief=_brief(recommendation.handoff),
        owner=subject.owner.name if subject.owner else _named_owner(trigger),
        owner_slack_id=_slack_id(subject.owner),
        time_zone=subject.owner.time_zone if subject.owner else "UTC",
        stage=_stage(subject.lead),
        trigger_id=trigger.trigger_id,
        play_id=recommendation.play,
        urgent=urgency_of(trigger.level) >= urgency_of("executive") or trigger.kind in {"risk", "ops"},
    )


def _happening(told: Told) -> Happening:
    trigger = told.trigger
    level = words_of(trigger.level) if trigger.level else None
    evidence = shorten(explain(trigger), MOST_TEXT)
    return Happening(headline(trigger), evidence, level, trigger.occurred_at, told.resolved_at is not None)


def _why_now(trigger: Trigger, now_ms: int) -> str:
    if trigger.record == "released":
        held = f" for {duration(trigger.occurred_at - trigger.held_since)}" if trigger.held_since is not None else ""
        if trigger.kind != "expansion":
            return f"It has stood{held}; history was being loaded, which is over"
        return f"It was held back{held}; nothing stands against it any more"
    if trigger.kind == "ops":
        return f"Ingest noticed it {duration(now_ms - trigger.occurred_at)} ago"
    by_day = trigger.decided_by.startswith("day/")
    cause = (
        "The change of day decided it" if by_day else f"An event {duration(now_ms - trigger.occurred_at)} ago did it"
    )
    level = f"; level {words_of(trigger.level)}" if trigger.level else ""
    return f"{cause}{level}"


def _readiness(trigger: Trigger) -> str:
    gate = trigger.gate
    missing = [_missing(criterion) for criterion in gate.criteria if criterion.met is False]
    text = f"{gate.readiness} of 100"
    if missing:
        text += f"; missing: {', '.join(missing)}"
    because = [REASONS.get(reason, words_of(reason).lower()) for reason in gate.held_because]
    if because:
        text += f"; note: {', '.join(because)}"
    if gate.confidence < 1:
        left_out = [words_of(c.name).lower() for c in gate.criteria if c.met is None]
        named = f" (not known: {', '.join(left_out)})" if left_out else ""
        text += f"; confidence {round(gate.confidence * 100)} %{named}"
    return shorten(text, MOST_TEXT)


def _missing(criterion: Criterion) -> str:
    if criterion.name == "qbr_days":
        held = "never held" if criterion.actual is None else f"{number(criterion.actual)} days ago"
        return f"business review {held}, needed one in {number(criterion.required)} days"
    return f"{words_of(criterion.name).lower()} {number(criterion.actual)}, needed {number(criterion.required)}"


def _health(trigger: Trigger) -> str:
    health = trigger.health
    if health.score is None:
        return "not known yet"
    if health.overridden:
        return f"{health.score:.0f} of 100 (given)"
    weakest = min(health.components.items(), key=lambda item: item[1], default=None)
    detail = f"; weakest: {words_of(weakest[0]).lower()} {weakest[1]:.0f}" if weakest else ""
    return f"{health.score:.0f} of 100{detail}"


def _worth(trigger: Trigger) -> str:
    acv = trigger.estimated_acv
    if acv is None:
        return "no estimate"
    return f"{money(acv.amount, acv.currency)} a year ({shorten(acv.basis, 200)})"


def _brief(handoff: Handoff | None) -> tuple[tuple[str, str], ...]:
    if handoff is None:
        return ()
    known = [name for name in BRIEF if name in handoff.facts]
    names = [*known, *(name for name in handoff.facts if name not in BRIEF)][:MOST_FACTS]
    facts = [(words_of(name), shorten(handoff.facts[name], 200)) for name in names]
    return (*facts, ("Quote", f"due within {handoff.quote_hours} h of the hand-off"))


def _slack_id(owner: Person | None) -> str | None:
    known = owner.slack_id if owner else None
    return known if known and known.isascii() and known.isalnum() else None


def _named_owner(trigger: Trigger) -> str:
    role = trigger.recommendation.owner_role
    named = {"ae": "ae", "pool": "pool"}.get(role, "csm")
    return trigger.people.get(named) or words_of(role)


def _stage(lead: Lead | None) -> str:
    if lead is None:
        return "new"
    return STAGES.get(lead.stage) or words_of(lead.stage)
