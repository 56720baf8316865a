"""The people of an account: who has a seat, who works how much, who comes and goes."""

from random import Random

import msgspec

from upswing.simulate.latent import DEPARTMENTS, Latent

ROLES = ("member", "member", "member", "admin", "viewer")
NEVER_SHARE = 0.05
POWER_SHARE = 0.15
POWER_FACTOR = 6
LEAST_USERS_FOR_POWER = 6
MOST_CHANCE = 0.96


class Person(msgspec.Struct, gc=False):
    """One person. `weight` is how much they work next to others; 0: they have a seat and never came."""

    id: str
    department: str
    role: str
    weight: float


class People:
    """Everybody who has a seat; those who left are kept until they are forgotten."""

    def __init__(self, latent: Latent, rng: Random) -> None:
        self._account, self._number = latent.account_id, 0
        self.everybody: list[Person] = []
        self._left: list[tuple[int, str]] = []
        departments = max(1, min(len(DEPARTMENTS), latent.users // 4))
        for number in range(latent.users):
            self.everybody.append(self._person(DEPARTMENTS[number % departments], rng))
        self.power_from = 0
        self.power_user = ""
        if latent.users >= LEAST_USERS_FOR_POWER and rng.random() < POWER_SHARE:
            self.power_from = latent.turning_day
            chosen = rng.choice(self.everybody)
            chosen.weight = 1.5
            self.power_user = chosen.id

    @property
    def count(self) -> int:
        """How many have a seat."""
        return len(self.everybody)

    def pressure(self, seats: int) -> float:
        """Return the share of the seats that is taken."""
        return self.count / seats

    def _person(self, department: str, rng: Random) -> Person:
        self._number += 1
        weight = 0.0 if rng.random() < NEVER_SHARE else rng.uniform(0.85, 1.15)
        return Person(f"{self._account}-u{self._number:03}", department, rng.choice(ROLES), weight)

    def join(self, department: str, rng: Random) -> Person:
        """Give somebody a seat."""
        person = self._person(department, rng)
        self.everybody.append(person)
        return person

    def leave(self, day: int, rng: Random) -> str | None:
        """Take a seat from somebody; the last two stay."""
        if self.count <= 2:  # noqa: PLR2004 - somebody has to be there
            return None
        person = self.everybody.pop(rng.randrange(self.count))
        self._left.append((day, person.id))
        return person.id

    def forget(self, day: int) -> str | None:
        """Return somebody who left a month ago or more."""
        for place, (left, user) in enumerate(self._left):
            if day - left >= 30:  # noqa: PLR2004 - a month
                del self._left[place]
                return user
        return None

    def nth(self, number: int) -> str:
        """Return the id of somebody, the same for the same number as long as nobody leaves."""
        return self.everybody[number % self.count].id

    def active(self, chance: float, rng: Random) -> list[Person]:
        """Return who works on a day."""
        draw = rng.random
        return [person for person in self.everybody if draw() < min(MOST_CHANCE, chance * person.weight)]

    def acts(self, person: Person, day: int, rng: Random) -> int:
        """Return how many features somebody who works uses on a day."""
        count = int(rng.random() * 3)
        if person.id == self.power_user and day >= self.power_from:
            return (count + 1) * POWER_FACTOR
        return count
