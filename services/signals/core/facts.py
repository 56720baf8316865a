"""Facts of an account: each field by itself takes the value with the latest moment, of the same one the later to come.

Source: definitions 3, 10, 11 and 46.
"""

from typing import Any

import msgspec

from services.signals.core import erased, headcount, names, use_purchases
from services.signals.core.account import Account
from services.signals.core.erased import PERSONAL_FACTS
from services.signals.core.state import NEVER, Moment, Register
from services.signals.core.terms import DATE_FACTS
from shared.kernel.clock import day_of
from shared.kernel.events.account_updated import AccountUpdatedProperties
from shared.kernel.quantities import millionths

FIELDS = tuple(f for f in AccountUpdatedProperties.__struct_fields__ if f not in {"limits", "mentions_competitor"})


def update(account: Account, given: AccountUpdatedProperties, moment: Moment) -> None:
    """Fold one `account.updated` into the facts; late values do not overwrite newer ones, and who is erased is none."""
    head = account.head
    told: Any = moment  # an object, so that all registers share what it holds
    for field in FIELDS:
        value = getattr(given, field)
        if value is msgspec.UNSET:
            continue
        value = _stored(field, value)
        if field in PERSONAL_FACTS and isinstance(value, str) and erased.is_gone(account, value, moment):
            value = None
        if field == "renews_on" and value is not None and value not in head.renewal_days:
            ahead = [day for day in head.renewal_days if day > head.today]  # no other day will ever begin
            head.renewal_days = (*ahead, value)
        if field in ("exec_sponsor", "champion"):
            head.stakeholders_known = True
        register = head.facts.get(field)
        if field == "purchased_features":
            use_purchases.given(account, register, value, moment)
        if field == "employees":
            _count_employees(account, register, (value, *told))
        if register is None or moment >= register[1:]:
            head.facts[field] = (value, *told)
    if given.limits is not msgspec.UNSET:
        _update_limits(account, given.limits, moment)


def _count_employees(account: Account, in_force: Register | None, given: Register) -> None:
    days = account.days.employees
    if not days and in_force is not None:  # it was given before this history was kept
        headcount.note(days, day_of(in_force[1]), in_force)
    headcount.note(days, day_of(given[1]), given)
    account.days_dirty = True


def _stored(field: str, value: Any) -> Any:
    if value is None:
        return None
    if field in DATE_FACTS:
        return day_of(value)
    if field == "mrr":
        return millionths(value)
    return names.purchases(value) if field == "purchased_features" else value


def _update_limits(account: Account, given: Any, moment: Moment) -> None:
    head = account.head
    if given is None:
        if moment >= (head.limits_cleared or NEVER):
            head.limits_cleared = moment
            head.limits = {metric: reg for metric, reg in head.limits.items() if reg[1:] > moment}
        return
    if head.limits_cleared is not None and moment < head.limits_cleared:
        return
    for metric, limit in given.items():
        if not names.takes_limit(account, metric):
            continue
        register = head.limits.get(metric)
        if register is None or moment >= register[1:]:
            head.limits[metric] = (None if limit is None else millionths(limit), *moment)
