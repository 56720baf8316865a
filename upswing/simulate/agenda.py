"""What will happen to an account and is rare: reviews, surveys, tickets, people who come and go, news.

Shape: an agenda maps days to `Entry` rows; an entry of our vocabulary is told as it is, the others are acts that change
the account first (`hire`, `leave`, `erase`, `employees`, `suspend`, `resume`, `department`).
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from upswing.simulate.latent import DEPARTMENTS, Latent
from upswing.simulate.request import Request
from upswing.simulate.support import support

Entry = tuple[str, int | None, dict[str, Any]]
Planned = tuple[int, Entry]
NEEDS = ("Better exports", "Faster search", "A mobile app")
OUTCOMES = ("Reports in half the time", "Onboarding in a week", "One view of all orders")
NEWS = ("funding", "initiative", "leadership")
ENGAGEMENTS = ("reply", "training", "webinar", "community", "meeting")


def plan_ahead(request: Request, latent: Latent, rng: Random) -> dict[int, list[Entry]]:
    """Return the agenda of an account."""
    agenda: dict[int, list[Entry]] = {}
    for theme in (_milestones, _surveys, support, _reviews, _people, _champion, _interest, _company, _rare):
        for day, entry in theme(request, latent, rng):
            if latent.first_day <= day <= request.end_day:
                agenda.setdefault(day, []).append(entry)
    return agenda


def _after(latent: Latent, request: Request, rng: Random) -> int:
    """Return a day between the turning day and the end."""
    return rng.randint(min(latent.turning_day, request.end_day), request.end_day)


def _milestones(request: Request, latent: Latent, rng: Random) -> Iterator[Planned]:
    for row in request.playbook.milestones.get(latent.segment_key, ()):
        luck = rng.random()
        if luck > 0.55 + 0.42 * latent.mood[0]:
            continue  # never reached
        late = rng.randint(3, 25) if luck > 0.40 + 0.45 * latent.mood[0] else -rng.randint(0, max(0, row.due_days // 2))
        day = max(latent.first_day, latent.onboarded_day + row.due_days + late)
        yield day, ("milestone.reached", None, {"milestone": row.name})


def _surveys(request: Request, latent: Latent, rng: Random) -> Iterator[Planned]:
    for person in range(min(latent.users, rng.randint(1, 3))):
        day = latent.first_day + rng.randint(0, 40)
        while day <= request.end_day:
            score = max(0, min(10, round(rng.gauss(10 * latent.content(day) + 0.5, 0.8))))
            yield day, ("survey.answered", person, {"survey": "nps", "score": score})
            day += rng.randint(40, 90)


def _reviews(request: Request, latent: Latent, rng: Random) -> Iterator[Planned]:
    holds_reviews = latent.rank > 0 or rng.random() < 0.10  # noqa: PLR2004 - few of the smallest
    day = latent.first_day + rng.randint(0, 45)
    roadmap = request.playbook.roadmap
    while holds_reviews and day <= request.end_day:
        needs = []
        if rng.random() < 0.40:  # noqa: PLR2004 - a wish is heard in four of ten reviews
            needs = [rng.choice(roadmap) if roadmap and rng.random() < latent.content(day) - 0.2 else rng.choice(NEEDS)]
        yield day, ("qbr.held", None, {"unmet_needs": needs, "attendees": rng.randint(2, 6)})
        day += rng.randint(80, 100)
    day = latent.first_day + rng.randint(0, 25)
    while day <= request.end_day:
        yield day, ("engagement.recorded", rng.randrange(latent.users), {"kind": rng.choice(ENGAGEMENTS)})
        day += rng.randint(12, 30) if latent.content(day) > 0.6 else rng.randint(35, 90)  # noqa: PLR2004 - the content stay in touch
    if rng.random() < 0.5 * latent.mood[1]:
        primary = rng.random() < latent.mood[1]
        yield (
            _after(latent, request, rng),
            (
                "outcome.achieved",
                None,
                {"outcome": rng.choice(OUTCOMES), "primary": primary},
            ),
        )


def _people(request: Request, latent: Latent, rng: Random) -> Iterator[Planned]:
    for day in range(latent.first_day + 1, request.end_day + 1):
        turned = day >= latent.turning_day
        hires = latent.users * (0.0009 + (0.009 * max(0.0, latent.pace) / 0.3 if turned else 0))
        leaves = latent.users * (0.0007 + (0.009 * max(0.0, -latent.pace) / 0.3 if turned else 0))
        if rng.random() < hires:
            yield day, ("hire", None, {})
        if rng.random() < leaves:
            yield day, ("leave", None, {})
            if rng.random() < 0.10:  # noqa: PLR2004 - one in ten who leave asks to be forgotten
                yield day + 35, ("erase", None, {})
    if latent.label == "growing" and rng.random() < 0.30:  # noqa: PLR2004 - three of ten bring a new team in
        day = max(_after(latent, request, rng), latent.onboarded_day + 31)
        name = DEPARTMENTS[-1 - rng.randrange(2)] if latent.users > len(DEPARTMENTS) else DEPARTMENTS[-1]
        yield day, ("department", None, {"department": f"{name} {rng.choice(('North', 'South'))}"})


def _champion(request: Request, latent: Latent, rng: Random) -> Iterator[Planned]:
    luck, day = rng.random(), _after(latent, request, rng)
    if latent.label == "shrinking":
        if luck < 0.45:  # noqa: PLR2004 - nearly half lose their champion
            yield day, ("champion.changed", None, {"change": rng.choice(("left", "moved_away")), "person": "champion"})
    elif luck < (0.22 if latent.label == "growing" else 0.05):
        yield day, ("champion.changed", None, {"change": rng.choice(("promoted", "moved")), "person": "champion"})
    elif luck > 0.96:  # noqa: PLR2004 - it happens to anybody
        yield day, ("champion.changed", None, {"change": "left", "person": "champion"})
    if latent.rank > 0:
        yield latent.first_day, ("stakeholder.added", None, {"role": "buyer"})
    if rng.random() < (0.20 if latent.label == "growing" else 0.03):
        yield _after(latent, request, rng), ("stakeholder.added", None, {"role": "executive"})


def _interest(request: Request, latent: Latent, rng: Random) -> Iterator[Planned]:
    eager = latent.label == "growing" and rng.random() < 0.6  # noqa: PLR2004 - not everybody asks before buying
    products, plans = sorted(request.playbook.products), sorted(request.playbook.plans)
    for day in range(latent.first_day, request.end_day + 1):
        if rng.random() < (0.05 if eager and day >= latent.turning_day else 0.004):
            user = rng.randrange(latent.users)
            if rng.random() < 0.6:  # noqa: PLR2004 - more look than ask
                yield day, ("pricing.viewed", user, {"plan": rng.choice(plans)})
            elif products:
                by = rng.random() < 0.15  # noqa: PLR2004 - seldom an executive
                yield day, ("capability.requested", user, {"product": rng.choice(products), "by_executive": by})


def _company(request: Request, latent: Latent, rng: Random) -> Iterator[Planned]:
    employees = latent.employees
    for day in range(latent.first_day + 30, request.end_day + 1, 30):
        change = rng.uniform(-0.01, 0.02) + (latent.pace / 4 if day >= latent.turning_day else 0)
        employees = max(1, round(employees * (1 + change)))
        yield day, ("employees", None, {"employees": employees})
    if rng.random() < (0.25 if latent.label == "growing" else 0.04):
        yield _after(latent, request, rng), ("company.news", None, {"news": rng.choice(NEWS)})
    if latent.label == "shrinking" and rng.random() < 0.40:  # noqa: PLR2004 - who looks around says so
        for _ in range(rng.randint(1, 2)):
            where = rng.choice(("call", "crm"))
            yield _after(latent, request, rng), ("competitor.mentioned", None, {"where": where})


def _rare(request: Request, latent: Latent, rng: Random) -> Iterator[Planned]:
    if rng.random() < 0.02:  # noqa: PLR2004 - a card that was refused
        day = rng.randint(latent.first_day, request.end_day)
        yield day, ("suspend", None, {})
        yield day + rng.randint(3, 8), ("resume", None, {})
