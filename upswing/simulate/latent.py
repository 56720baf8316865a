"""What an account really is, drawn before anything happens: its size, where it is heading, and how content it is."""

from random import Random
from typing import Literal

import msgspec

from shared.kernel.playbook import Playbook
from upswing.simulate.request import Request
from upswing.simulate.rhythm import COUNTRIES

Label = Literal["growing", "stable", "shrinking"]
LABELS: tuple[Label, ...] = ("growing", "stable", "shrinking")
LABEL_WEIGHTS = (0.30, 0.50, 0.20)
SEGMENT_WEIGHTS = (0.60, 0.30, 0.10)
USERS_BY_RANK = ((4, 14), (15, 36), (40, 80))
EMPLOYEES_PER_USER = (4, 9, 40)
INDUSTRIES = ("SaaS", "FinTech", "Retail", "Logistics", "Health", "Media", "Manufacturing", "Travel")
FIRST_NAMES = (
    "Amber",
    "Birch",
    "Cedar",
    "Delta",
    "Ember",
    "Fjord",
    "Grove",
    "Harbor",
    "Indigo",
    "Juno",
    "Krill",
    "Lark",
)
LAST_NAMES = (
    "Works",
    "Labs",
    "Foods",
    "Media",
    "Energy",
    "Logistics",
    "Health",
    "Studio",
    "Travel",
    "Robotics",
    "Bank",
)
DEPARTMENTS = ("Operations", "Finance", "Sales", "Marketing", "Engineering", "Product", "Customer Success")
ANCHOR_LAST = 28  # every month has it
NEW_CUSTOMER_SHARE = 0.10
MOOD: dict[Label, tuple[float, float]] = {"growing": (0.80, 0.94), "stable": (0.55, 0.92), "shrinking": (0.30, 0.68)}
PACE: dict[Label, tuple[float, float]] = {"growing": (0.12, 0.45), "stable": (-0.03, 0.04), "shrinking": (-0.38, -0.12)}
ACTIVITY: dict[Label, tuple[float, float]] = {
    "growing": (0.40, 0.62),
    "stable": (0.25, 0.50),
    "shrinking": (0.20, 0.42),
}
FILL: dict[Label, tuple[float, float]] = {"growing": (0.55, 0.78), "stable": (0.45, 0.80), "shrinking": (0.40, 0.75)}
SHARE: dict[Label, tuple[float, float]] = {"growing": (0.38, 0.62), "stable": (0.20, 0.72), "shrinking": (0.25, 0.65)}
SIDE_SHARE = (0.08, 0.45)


class Latent(msgspec.Struct):
    """One account's nature. Units: days since 1970; `pace` is the change of use in 30 days from `turning_day` on.

    Shape: `rank` is the place of its segment, from the smallest; `mood` 0-1 before and after the turning day.
    """

    account_id: str
    name: str
    label: Label
    rank: int
    segment_key: str
    segment: str
    plan: str
    country: str
    industry: str
    first_day: int
    onboarded_day: int
    turning_day: int
    pace: float
    mood: tuple[float, float]
    activity: float
    users: int
    seats: int
    employees: int
    anchor: int
    renews_day: int
    shares: dict[str, float]

    def turned(self, day: int) -> int:
        """Return how many days ago the account took its direction, 0 before."""
        return max(0, day - self.turning_day)

    def drift(self, day: int) -> float:
        """Return the factor by which use has changed since the beginning."""
        return float((1 + self.pace) ** (self.turned(day) / 30))

    def content(self, day: int) -> float:
        """Return how content the account is, 0-1."""
        return self.mood[1] if day >= self.turning_day else self.mood[0]

    def readiness(self, day: int) -> float:
        """Return how ready the account is to buy more, 0-1. Nobody outside can see it."""
        heading = {"growing": 0.5, "stable": 0.18, "shrinking": 0.0}[self.label] if self.turned(day) else 0.18
        return max(0.0, min(1.0, heading + 0.55 * (self.content(day) - 0.3)))


def draw(request: Request, index: int, rng: Random) -> Latent:
    """Return an account's nature."""
    playbook, label = request.playbook, rng.choices(LABELS, LABEL_WEIGHTS)[0]
    segments = playbook.segments
    weights = [SEGMENT_WEIGHTS[min(place, len(SEGMENT_WEIGHTS) - 1)] for place in range(len(segments))]
    rank = rng.choices(range(len(segments)), weights)[0]
    size = min(rank, len(USERS_BY_RANK) - 1)
    users = rng.randint(*USERS_BY_RANK[size])
    new = request.days > 2 and rng.random() < NEW_CUSTOMER_SHARE  # noqa: PLR2004 - a day to come, a day to be there
    first_day = request.first_day + (rng.randrange(request.days // 2) if new else 0)
    before = rng.uniform(*MOOD["stable"])
    return Latent(
        account_id=f"sim-{index:05}",
        name=f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)} {index}",
        label=label,
        rank=rank,
        segment_key=segments[rank].key,
        segment=segments[rank].name,
        plan=_plan(playbook, rank, rng),
        country=rng.choice(COUNTRIES),
        industry=rng.choice(INDUSTRIES),
        first_day=first_day,
        onboarded_day=first_day if new else request.first_day - rng.randint(20, 380),
        turning_day=first_day + int(rng.uniform(0.1, 0.7) * request.days),
        pace=rng.uniform(*PACE[label]),
        mood=(before if label == "shrinking" else rng.uniform(*MOOD[label]), rng.uniform(*MOOD[label])),
        activity=rng.uniform(*ACTIVITY[label]),
        users=users,
        seats=max(users + 1, round(users / rng.uniform(*FILL[label]))),
        employees=users * EMPLOYEES_PER_USER[size] + rng.randint(0, 20),
        anchor=rng.randint(1, ANCHOR_LAST),
        renews_day=request.first_day + rng.randint(5, 365),
        shares=_shares(playbook, label, rng),
    )


def _plan(playbook: Playbook, rank: int, rng: Random) -> str:
    """Return a plan that fits the size: mostly the one of the same place by price, else a neighbour."""
    plans = sorted(playbook.plans, key=lambda name: (float(playbook.plans[name].price), name))
    place = min(rank, len(plans) - 1)
    if rng.random() < 0.30:  # noqa: PLR2004 - a third sits one plan lower than its size
        place = max(0, place - 1)
    return plans[place]


def _shares(playbook: Playbook, label: Label, rng: Random) -> dict[str, float]:
    """Return for each limited metric the share of its limit that a month uses at the beginning; one is the main one."""
    names = sorted({metric for plan in playbook.plans.values() for metric in plan.limits})
    shares = {name: rng.uniform(*SIDE_SHARE) for name in names}
    if names:
        shares[rng.choice(names)] = rng.uniform(*SHARE[label])
    return shares
