"""What a simulation is asked for. The same request gives the same bytes, on every machine.

Units: days are counts of UTC days since 1970; shares are 0-1 of the accounts, rates 0-1 of the events concerned.
"""

import msgspec

from shared.kernel.clock import day_of
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook

MOST_ACCOUNTS = 100_000
MOST_DAYS = 730
GAUGE_MARKS = ("_gb", "_mb", "_tb", "storage", "contacts", "records", "projects")


class Disturbances(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong: shares of accounts that get it, and how often it strikes within its days."""

    silent: float = 0.06  # a source sends nothing for some days; what happened then is lost
    duplicates: float = 0.08  # events are sent twice within the hour
    late: float = 0.06  # events wait in a queue for hours or days
    disorder: float = 0.10  # events of some minutes arrive in another order
    skew: float = 0.06  # a device's clock is hours wrong, within the day
    nameless: float = 0.06  # the account's id is missing
    malformed: float = 0.07  # wrong types, negative quantities, unknown event types
    rate: float = 0.25  # how often each of the above strikes within its days
    bad_rate: float = 0.08  # likewise of nameless and malformed


CLEAN = Disturbances(silent=0, duplicates=0, late=0, disorder=0, skew=0, nameless=0, malformed=0)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One simulation: `accounts` companies over the `days` days that end with `end_day`, itself included."""

    seed: int
    accounts: int
    days: int
    end_day: int
    playbook: Playbook
    disturbances: Disturbances = Disturbances()

    @property
    def first_day(self) -> int:
        """The first day."""
        return self.end_day - self.days + 1

    def check(self) -> None:
        """Refuse what cannot be simulated. Errors: `ConfigurationError` with one sentence."""
        if not 1 <= self.accounts <= MOST_ACCOUNTS:
            raise ConfigurationError(f"accounts: found {self.accounts}, allowed is 1 to {MOST_ACCOUNTS:,}")
        if not 1 <= self.days <= MOST_DAYS:
            raise ConfigurationError(f"days: found {self.days}, allowed is 1 to {MOST_DAYS}")
        if not self.playbook.plans:
            raise ConfigurationError("the playbook has no plans: a made-up company must have bought something")

    def gauges(self) -> frozenset[str]:
        """Return the limited metrics that are levels (storage, contacts), by their names; the others are sums."""
        names = {metric for plan in self.playbook.plans.values() for metric in plan.limits}
        return frozenset(name for name in names if any(mark in name.casefold() for mark in GAUGE_MARKS))


def last_whole_day(now_ms: int) -> int:
    """Return the last day that is over."""
    return day_of(now_ms) - 1
