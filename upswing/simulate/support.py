"""The tickets an account will open, and how content it is with the answers."""

from collections.abc import Iterator
from random import Random
from typing import Any

from upswing.simulate.latent import Latent
from upswing.simulate.request import Request

SEVERITIES = ("low", "normal", "high", "urgent")
TOPICS = ("reports", "imports", "billing", "access", "speed")
TICKETS_PER_USER_AND_DAY = 0.0022
LATE_LEARNERS_DAYS = 60  # who has just begun asks more


def support(
    request: Request, latent: Latent, rng: Random
) -> Iterator[tuple[int, tuple[str, int | None, dict[str, Any]]]]:
    """Yield tickets opened and resolved, and answers to the question how it went."""
    number = 0
    for day in range(latent.first_day, request.end_day + 1):
        rate = latent.users * TICKETS_PER_USER_AND_DAY * (1.6 - latent.content(day))
        rate *= 1.5 if day - latent.onboarded_day < LATE_LEARNERS_DAYS else 1.0
        rate *= 2.2 if latent.label == "shrinking" and latent.turned(day) else 1.0
        if rng.random() >= rate:
            continue
        number += 1
        ticket, user = f"T-{latent.account_id}-{number}", rng.randrange(latent.users)
        opened: dict[str, Any] = {
            "ticket_id": ticket,
            "severity": rng.choices(SEVERITIES, (3, 5, 2, 0.6))[0],
            "topic": rng.choice(TOPICS),
        }
        if latent.label == "shrinking" and rng.random() < 0.05:  # noqa: PLR2004 - said in passing
            opened["mentions_competitor"] = True
        yield day, ("ticket.opened", user, opened)
        if rng.random() < 0.85:  # noqa: PLR2004 - the rest stays open
            done = day + rng.randint(1, 6)
            yield done, ("ticket.resolved", user, {"ticket_id": ticket})
            if rng.random() < 0.40:  # noqa: PLR2004 - four of ten say how it went
                score = max(1, min(5, round(rng.gauss(1 + 4 * latent.content(done), 0.7))))
                yield done, ("survey.answered", user, {"survey": "csat", "score": score})
