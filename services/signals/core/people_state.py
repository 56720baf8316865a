"""The parts of an account's pages about who uses it: departments, answers, interest.

What names a user lies with the user, in the user pages. Fields are only ever appended, with defaults.
Source: design (state).
"""

import msgspec

Answer = tuple[int | float, int, str, str]  # a score with the moment at which it was given


class PeopleHead(msgspec.Struct, array_like=True, gc=False):
    """What lies in the head page, which is written whenever anything has changed: keep it small.

    Shape: `answers` are the latest two NPS answers that name nobody, the older one first. Units: `viewed_ms` is the
    instant of the latest view of prices by somebody unknown, -1 is never.
    """

    answers: tuple[Answer, ...] = ()
    viewed_ms: int = -1


class PeopleDaysGone(msgspec.Struct, array_like=True, gc=False):
    """What lies in the days page, which is written at a change of day or by a late event.

    Shape: `departments` maps each department ever named to the earliest day on which it was; `requests` and `webinars`
    map a day to how many there were.
    """

    departments: dict[str, int] = {}
    requests: dict[int, int] = {}
    webinars: dict[int, int] = {}
