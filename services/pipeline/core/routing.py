"""Who owns a lead: first the role, by type and size of the deal, then the person.

Source: playbook section 8, definition 64.
"""

from collections.abc import Iterable, Mapping

import msgspec

from shared.kernel.people import Person
from shared.kernel.playbook.accounts import Ownership
from shared.kernel.playbook.bounds import Deal
from shared.kernel.triggers import EstimatedAcv

CSM, AE, POOL = "csm", "ae", "pool"


class Owner(msgspec.Struct, frozen=True):
    """The role that owns a lead, and why, in one sentence."""

    role: str
    reason: str


class Colleague(msgspec.Struct, frozen=True):
    """A person and their load. Units: `last_assigned_ms` an instant, None: never."""

    person: Person
    open_items: int
    last_assigned_ms: int | None


def choose_role(
    deal: Deal,
    segment: str,
    acv: EstimatedAcv | None,
    ownership: Ownership,
    currency: str,
    speaker: str | None = None,
) -> Owner:
    """Return the role that owns a lead of this kind of deal and size.

    Shape: `speaker` is who has the conversations about the add-on that it is for; an amount in another currency than
    the playbook's cannot be compared and counts as unknown; an unknown amount stays with customer success unless the
    kind of deal is always the account executive's.
    """
    if segment in ownership.pooled_segments:
        return Owner(POOL, f"accounts of segment {segment} are served from the pool")
    if speaker is not None:
        return Owner(speaker, f"the playbook names {speaker} for conversations about this add-on")
    below = ownership.cs_below.get(deal)
    if below is None:
        return Owner(CSM, f"customer success owns every {deal} deal")
    if below == 0:
        return Owner(AE, f"the account executive owns every {deal} deal")
    return _by_size(deal, acv, below, currency)


def _by_size(deal: Deal, acv: EstimatedAcv | None, below: float, currency: str) -> Owner:
    if acv is None:
        return Owner(CSM, f"the value of the {deal} deal is not known")
    if acv.currency != currency:
        return Owner(CSM, f"{acv.currency} cannot be compared with the limit of {below:g} {currency}")
    if acv.amount < below:
        return Owner(CSM, f"{acv.amount:g} {currency} is below {below:g} for a {deal} deal")
    return Owner(AE, f"{acv.amount:g} {currency} is not below {below:g} for a {deal} deal")


def task_role(role: str, segment: str, ownership: Ownership) -> str:
    """Return the role that owns a task: the one that its play names, or the pool where accounts are served from it."""
    return POOL if role in {CSM, AE} and segment in ownership.pooled_segments else role


class Pool:
    """Those who can own leads and tasks, and their loads, which grow with each one that they take.

    Shape: `assigned` says who took something, and when; each turn lies after all others, also within a millisecond.
    """

    def __init__(self, colleagues: Iterable[Colleague]) -> None:
        self._colleagues = {colleague.person.person_id: colleague for colleague in colleagues}
        self._latest_ms = max((one.last_assigned_ms or 0 for one in self._colleagues.values()), default=0)
        self.assigned: dict[str, int] = {}

    def take(self, role: str, segment: str, named: Mapping[str, str], now_ms: int) -> Person | None:
        """Return the person who takes the next item of a role, or None when there is nobody.

        Shape: `named` says who the account's facts name for a role, by id, address or name. Otherwise, and when nobody
        knows that name, the pool takes turns: of those with room, whoever has waited longest. A lead of customer
        success goes to those with role `csm` where nobody of the pool serves the segment.
        """
        taker = self._named(named.get(role)) or self._next(self._stand_in(role, segment), segment)
        if taker is None:
            return None
        person = taker.person
        self._latest_ms = max(self._latest_ms + 1, now_ms)
        self._colleagues[person.person_id] = Colleague(person, taker.open_items + 1, self._latest_ms)
        self.assigned[person.person_id] = self._latest_ms
        return person

    def _named(self, name: str | None) -> Colleague | None:
        if name is None:
            return None
        return next((one for one in self._colleagues.values() if _is_called(one.person, name)), None)

    def _stand_in(self, role: str, segment: str) -> str:
        has_pool = any(_serves(one.person, POOL, segment) for one in self._colleagues.values())
        return POOL if role == CSM and has_pool else role

    def _next(self, role: str, segment: str) -> Colleague | None:
        free = [one for one in self._colleagues.values() if _serves(one.person, role, segment) and _has_room(one)]
        return min(free, key=_turn, default=None)


def _turn(colleague: Colleague) -> tuple[int, str]:
    return colleague.last_assigned_ms or 0, colleague.person.person_id


def _is_called(person: Person, name: str) -> bool:
    names = {person.person_id.casefold(), person.name.casefold(), (person.email or person.person_id).casefold()}
    return name.strip().casefold() in names


def _serves(person: Person, role: str, segment: str) -> bool:
    return role in person.roles and (not person.segments or segment in person.segments)


def _has_room(colleague: Colleague) -> bool:
    return colleague.person.capacity is None or colleague.open_items < colleague.person.capacity
