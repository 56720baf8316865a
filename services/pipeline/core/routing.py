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


def choose_role(deal: Deal, segment: str, acv: EstimatedAcv | None, ownership: Ownership, currency: str) -> Owner:
    """Return the role that owns a lead of this kind of deal and size.

    Shape: an amount in another currency than the playbook's cannot be compared and counts as unknown; an unknown
    amount stays with customer success unless the kind of deal is always the account executive's.
    """
    if segment in ownership.pooled_segments:
        return Owner(POOL, f"accounts of segment {segment} are served from the pool")
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


def choose_person(role: str, segment: str, named: Mapping[str, str], colleagues: Iterable[Colleague]) -> str | None:
    """Return the id of the person who takes the next lead of a role, or None when there is nobody.

    Shape: `named` says who the account's facts name for a role, by id, address or name. Otherwise, and when nobody
    knows that name, the pool takes turns: of those with room, whoever has waited longest.
    """
    known = tuple(colleagues)
    if name := named.get(role):
        for colleague in known:
            if _is_called(colleague.person, name):
                return colleague.person.person_id
    wanted = POOL if role == CSM else role
    free = [colleague for colleague in known if _serves(colleague.person, wanted, segment) and _has_room(colleague)]
    turn = min(free, key=lambda one: (one.last_assigned_ms or 0, one.person.person_id), default=None)
    return turn.person.person_id if turn else None


def _is_called(person: Person, name: str) -> bool:
    names = {person.person_id.casefold(), person.name.casefold(), (person.email or person.person_id).casefold()}
    return name.strip().casefold() in names


def _serves(person: Person, role: str, segment: str) -> bool:
    return role in person.roles and (not person.segments or segment in person.segments)


def _has_room(colleague: Colleague) -> bool:
    return colleague.person.capacity is None or colleague.open_items < colleague.person.capacity
