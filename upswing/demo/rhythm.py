"""When people work: more on workdays than on weekends, within working hours. Deterministic by its generator's seed."""

from random import Random

from shared.kernel.clock import HOUR_MS, date_from_day, midnight_ms

SATURDAY = 5
FIRST_HOUR, LAST_HOUR = 7, 18
LUNCH_HOUR = 12
WEEKEND_SHARE = 0.12


def is_workday(day: int) -> bool:
    """Return whether a day is Monday to Friday."""
    return date_from_day(day).weekday() < SATURDAY


def works(rng: Random, day: int, chance: float) -> bool:
    """Return whether somebody who works on a workday with this chance works on this day."""
    return rng.random() < (chance if is_workday(day) else chance * WEEKEND_SHARE)


def moment(rng: Random, day: int) -> int:
    """Return an instant within the working hours of a day, seldom at lunch."""
    while True:
        hour = rng.randint(FIRST_HOUR, LAST_HOUR)
        if hour != LUNCH_HOUR or rng.random() < WEEKEND_SHARE:
            return midnight_ms(day) + hour * HOUR_MS + rng.randrange(HOUR_MS)
