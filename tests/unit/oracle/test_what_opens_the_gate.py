"""Definitions 17 and 25: the event that meets the one criterion in the way releases what is held, at once."""

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.writing import WIDE_OPEN, only

GATE = WIDE_OPEN["gate.smb"]
NOW, LONG_AGO = "2026-03-20 10:00", "2026-02-10 10:00"
OPENS: list[tuple[dict[str, object], str, str, dict[str, object]]] = [
    ({"qbr_days": 90}, NOW, "qbr.held", {}),
    ({"sentiment": 7}, NOW, "survey.answered", {"survey": "nps", "score": 9}),
    ({"ticket_trend": ["declining"]}, LONG_AGO, "ticket.opened", {"ticket_id": "late", "severity": "low"}),
    ({"core_departments": 1}, NOW, "user.provisioned", {"department": "Sales"}),
]


@pytest.mark.parametrize(("asked", "when", "kind", "properties"), OPENS)
def test_17_25_what_meets_the_last_criterion_releases(
    tell: Tell, asked: dict[str, object], when: str, kind: str, properties: dict[str, object]
) -> None:
    """A low NPS, one ticket and one of the month before, and use by somebody of no department are there already."""
    assert isinstance(GATE, dict)
    story = tell(only("usage_ceiling") | {"gate.smb": GATE | asked})
    story.ready("2026-03-01 09:00", segment="smb", limits={"storage_gb": 100})
    story.happens("2026-03-02 09:00", "feature.used", feature="dashboards", user="a")
    story.happens("2026-03-02 10:00", "survey.answered", survey="nps", score=2)
    story.happens("2026-03-02 11:00", "ticket.opened", ticket_id="t", severity="low")
    story.happens("2026-02-11 11:00", "ticket.opened", ticket_id="before", severity="low")
    story.tick("2026-03-20 00:00")
    assert story.happens("2026-03-20 09:00", "usage.reported", metric="storage_gb", level=100) == [
        "held usage_ceiling:storage_gb@executive"
    ]
    assert story.happens(when, kind, user="a", **properties) == ["released usage_ceiling:storage_gb@executive"]
