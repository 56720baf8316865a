"""The parts of an account's pages about who uses it: departments, answers, interest.

Fields are only ever appended, with defaults. Source: design (state).
"""

import msgspec


class PeopleHead(msgspec.Struct, array_like=True):
    """What lies in the head page, which is written whenever anything has changed: keep it small."""


class PeopleDaysGone(msgspec.Struct, array_like=True):
    """What lies in the days page, which is written at a change of day or by a late event."""
