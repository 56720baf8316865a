"""A person answered a survey: NPS 0-10 or CSAT 1-5.

Source: playbook section 2, definitions 14 and 45.
"""

from typing import Literal

from shared.kernel.events.envelope import Event, EventType, Properties


class SurveyAnsweredProperties(Properties, kw_only=True, gc=False):
    """What `survey.answered` carries."""

    survey: Literal["nps", "csat"]
    score: int | float

    def __post_init__(self) -> None:
        """Refuse a score outside of its survey's scale. Errors: `ValueError` that names the field."""
        lowest, highest = (1, 5) if self.survey == "csat" else (0, 10)
        if not lowest <= self.score <= highest:
            raise ValueError(f"score must be {lowest} to {highest} for {self.survey}, got {self.score!r}")


class SurveyAnswered(Event, tag="survey.answered", kw_only=True, gc=False):
    """One `survey.answered` event."""

    properties: SurveyAnsweredProperties


ROW = EventType(
    name="survey.answered",
    shape=SurveyAnswered,
    what="A person answered a survey: NPS 0-10 or CSAT 1-5.",
    feeds="sentiment",
    fact=True,
)
