"""Stories about whitespace: one product to sell, under an open gate, from 2026-03-01 on."""

from services.signals.core import whitespace
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, only, playbook

PRODUCT = {"price": 100, "adjacent_to": ["Core"], "industries": ["SaaS"], "features": ["forecasting", "roles"]}
BOOK: dict[str, object] = WIDE_OPEN | only("cross_sell_fit") | {"products": {"Insights": PRODUCT}}
FITTING: dict[str, object] = {"industry": "SaaS", "products": ["Core"], "exec_sponsor": "Eve", "champion": "Carl"}
TEN_SEATS: dict[str, object] = {"seats": 10}


def begin(changes: dict[str, object] | None = None, /, **facts: object) -> Story:
    """Begin in March with an open gate and one product to sell."""
    story = Story(EngineSubject([playbook(BOOK | (changes or {}))]))
    story.ready("2026-03-01 09:00", **facts)
    return story


def factors(story: Story) -> whitespace.Factors:
    """Return the factors of the one product."""
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    state = subject.engine.state
    return whitespace.factors(state.accounts["acme"], state.terms, whitespace.offer(state.terms, "Insights"))


def bounds(when: str, *four: float | str, segment: str = "smb") -> bytes:
    """Return the control record with the bounds of one segment."""
    return control("quintiles", when, playbook_version="v", segments={segment: four})


def act(story: Story, when: str, number: int, user: str | None = "ann") -> list[str]:
    """Let so many acts happen, in one record."""
    return story.fold(*(story.line(when, "session.started", user=user) for _ in range(number)))
