"""Facts about the account; each field by itself takes its latest value, null clears it.

Source: playbook section 2, definitions 10 and 11.
"""

from typing import Annotated, Literal

import msgspec

from shared.kernel.clock import parse_instant
from shared.kernel.events.envelope import Event, EventType, Instant, Properties, Quantity, check_quantity

MOST_LIMITS = 1_000  # of one account, those that say unlimited included; its plan has its own


class AccountUpdatedProperties(Properties):
    """Fields of the account: absent leaves a fact as it is, null clears it, lists replace, `limits` merges."""

    name: str | None | msgspec.UnsetType = msgspec.UNSET
    status: Literal["active", "suspended", "churned"] | None | msgspec.UnsetType = msgspec.UNSET
    segment: str | None | msgspec.UnsetType = msgspec.UNSET
    plan: str | None | msgspec.UnsetType = msgspec.UNSET
    seats: Annotated[int, msgspec.Meta(ge=0)] | None | msgspec.UnsetType = msgspec.UNSET
    limits: dict[str, Quantity | None] | None | msgspec.UnsetType = msgspec.UNSET
    mrr: Quantity | None | msgspec.UnsetType = msgspec.UNSET
    currency: str | None | msgspec.UnsetType = msgspec.UNSET
    country: str | None | msgspec.UnsetType = msgspec.UNSET
    onboarded_at: Instant | None | msgspec.UnsetType = msgspec.UNSET
    renews_on: Instant | None | msgspec.UnsetType = msgspec.UNSET
    billing_anchor: Annotated[int, msgspec.Meta(ge=1, le=31)] | None | msgspec.UnsetType = msgspec.UNSET
    employees: Annotated[int, msgspec.Meta(ge=0)] | None | msgspec.UnsetType = msgspec.UNSET
    industry: str | None | msgspec.UnsetType = msgspec.UNSET
    products: list[str] | None | msgspec.UnsetType = msgspec.UNSET
    purchased_features: list[str] | None | msgspec.UnsetType = msgspec.UNSET
    csm: str | None | msgspec.UnsetType = msgspec.UNSET
    ae: str | None | msgspec.UnsetType = msgspec.UNSET
    exec_sponsor: str | bool | None | msgspec.UnsetType = msgspec.UNSET
    champion: str | bool | None | msgspec.UnsetType = msgspec.UNSET
    budget_month: Annotated[int, msgspec.Meta(ge=1, le=12)] | None | msgspec.UnsetType = msgspec.UNSET
    health_score: int | float | None | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        """Refuse amounts and dates that mean nothing. Errors: `ValueError` that names the field."""
        if isinstance(self.mrr, int | float | str):
            check_quantity("mrr", self.mrr)
        if isinstance(self.limits, dict):
            for metric, limit in self.limits.items():
                if limit is not None:
                    check_quantity(f"limits.{metric}", limit)
        for field in ("onboarded_at", "renews_on"):
            value = getattr(self, field)
            if isinstance(value, int | str):
                try:
                    setattr(self, field, parse_instant(value))
                except ValueError as error:
                    raise ValueError(f"{field} {error}") from None


class AccountUpdated(Event, tag="account.updated", kw_only=True, gc=False):
    """One `account.updated` event."""

    properties: AccountUpdatedProperties


ROW = EventType(
    name="account.updated",
    shape=AccountUpdated,
    what="Facts about the account; each field by itself takes its latest value, null clears it.",
    feeds="everything",
    fact=True,
)
