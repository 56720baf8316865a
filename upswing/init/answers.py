"""What a newcomer is asked, as data; and the short texts in which each part is written on the command line.

Errors: `ConfigurationError`, one sentence that shows how it is written.
"""

import math
import re
from collections.abc import Iterable, Sequence

import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.people import Person

__all__ = [
    "ROLES",
    "Answers",
    "PlanAnswer",
    "core_of",
    "currency_in",
    "features_in",
    "limits_in",
    "names_in",
    "person_in",
    "plan_in",
    "price_in",
    "slug",
    "source_in",
    "with_parts",
]

MOST = 1e12
Amount = int | float  # a whole one stays whole through JSON and YAML
UNLIMITED = ("unlimited", "none", "-")
ROLES = ("csm", "ae", "sa", "pool", "manager", "ops")
SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
MAIL = re.compile(r"[^@\s]+@[^@\s]+")


class PlanAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One plan. Units: prices a month.

    Shape: `features` are those that the plan below has not; a limit of None has no end.
    """

    name: str
    price: Amount
    seat_price: Amount = 0
    limits: dict[str, Amount | None] = {}
    features: tuple[str, ...] = ()


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """All answers that are no secrets. Shape: without `plans` the example of the default playbook stays in force.

    Units: `smb_below` and `mid_market_below` are contract values a year.
    """

    company: str = "My company"
    currency: str = "USD"
    plans: tuple[PlanAnswer, ...] = ()
    core_features: tuple[str, ...] = ()
    smb_below: Amount = 25_000
    mid_market_below: Amount = 100_000
    roadmap: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    source: str = "web"


def core_of(plans: Sequence[PlanAnswer]) -> tuple[str, ...]:
    """Return the core features to begin with: those of the smallest plan that has any, so that every plan has them."""
    return next((plan.features for plan in plans if plan.features), ())


def plan_in(text: str) -> PlanAnswer:
    """Return a plan from `Starter=49/9`: its name, its price and the price of a seat."""
    name, found, prices = text.partition("=")
    price, _, seat = prices.partition("/")
    if not found or not name.strip() or not price.strip():
        raise ConfigurationError(
            f"a plan is written as Starter=49/9 (price, price of a seat a month), got {text!r:.60}"
        )
    return PlanAnswer(name=name.strip(), price=price_in(price), seat_price=price_in(seat or "0"))


def price_in(text: str) -> Amount:
    """Return an amount of at least 0, whole where it is."""
    try:
        amount = float(text.strip().replace("_", ""))
    except ValueError:
        amount = math.nan
    if not 0 <= amount <= MOST:
        raise ConfigurationError(f"an amount is a number from 0 such as 49 or 0.5, got {text.strip()!r:.60}")
    return int(amount) if amount.is_integer() else amount


def limits_in(text: str) -> dict[str, Amount | None]:
    """Return limits from `api_calls=10000,storage_gb=50`; `unlimited` is no limit."""
    limits: dict[str, Amount | None] = {}
    for part in names_in(text):
        metric, found, amount = part.partition("=")
        if not found or not metric.strip():
            raise ConfigurationError(f"limits are written as api_calls=10000,storage_gb=50, got {part!r:.60}")
        limits[metric.strip()] = None if amount.strip().lower() in UNLIMITED else price_in(amount)
    return limits


def features_in(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a plan's name and its features from `Growth=integrations,automation`."""
    name, found, features = text.partition("=")
    if not found or not name.strip():
        raise ConfigurationError(f"features are written as Growth=integrations,automation, got {text!r:.60}")
    return name.strip(), names_in(features)


def names_in(text: str) -> tuple[str, ...]:
    """Return the names in a text, separated by commas, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def currency_in(text: str) -> str:
    """Return a currency's code."""
    code = text.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ConfigurationError(f"a currency is a code of three letters such as EUR, got {text!r:.60}")
    return code


def source_in(text: str) -> str:
    """Return the name of a source of events."""
    if not SOURCE.fullmatch(text.strip()):
        raise ConfigurationError(f"a source is called by small letters, digits, dots and dashes, got {text!r:.60}")
    return text.strip()


def person_in(text: str) -> Person:
    """Return a colleague from `csm=Mara Ilves,mara@example.com,U0MARA`: the last two may be left out."""
    role, found, rest = text.partition("=")
    name, *more = names_in(rest) or ("",)
    role = role.strip().lower()
    if not found or role not in ROLES or not name or len(more) > 2:  # noqa: PLR2004 - an address and a Slack id
        how = "a person is written as csm=Mara Ilves,mara@example.com,U0MARA"
        raise ConfigurationError(f"{how} with a role of {', '.join(ROLES)}, got {text!r:.60}")
    email = next((part for part in more if MAIL.fullmatch(part)), None)
    slack_id = next((part for part in more if part != email), None)
    return Person(person_id=slug(name), name=name, email=email, slack_id=slack_id, roles=(role,))


def slug(text: str) -> str:
    """Return a name as an id: `Mara Ilves` is `mara-ilves`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def with_parts(plans: Iterable[PlanAnswer], limits: Iterable[str], features: Iterable[str]) -> tuple[PlanAnswer, ...]:
    """Return plans with limits (`Starter:api_calls=10000`) and features (`Starter=reports,alerts`) added."""
    known = {plan.name: plan for plan in plans}
    for text in limits:
        name, found, rest = text.partition(":")
        if not found:
            raise ConfigurationError(f"a limit is written as Starter:api_calls=10000, got {text!r:.60}")
        plan = _known(known, name.strip(), text)
        known[plan.name] = msgspec.structs.replace(plan, limits=plan.limits | limits_in(rest))
    for text in features:
        name, found_features = features_in(text)
        plan = _known(known, name, text)
        known[plan.name] = msgspec.structs.replace(plan, features=plan.features + found_features)
    return tuple(known.values())


def _known(plans: dict[str, PlanAnswer], name: str, text: str) -> PlanAnswer:
    if name not in plans:
        raise ConfigurationError(
            f"{text!r:.60} names no plan: there are {', '.join(plans) or 'none, give --plan first'}"
        )
    return plans[name]
