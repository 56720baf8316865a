"""The types of the playbook's numbers: every one has its bounds, so that a wrong value is refused where it stands.

Units: percentages and multiples are whole percent (1.4 times = 140), so that shares are compared exactly.
"""

from typing import Annotated, Literal

import msgspec

from shared.kernel.triggers import ScopeType

HORIZON_DAYS = 400

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
KEY_PATTERN = r"^\S(.*\S)?$"
SLUG_PATTERN = r"^[a-z][a-z0-9_]*$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"
PATTERNS = {
    KEY_PATTERN: "text without outer blanks",
    SLUG_PATTERN: "name in lower case like `tier_migration`",
    CURRENCY_PATTERN: "code of three capital letters",
}

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=KEY_PATTERN)]
Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=SLUG_PATTERN)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Ratio = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Points = Annotated[int, msgspec.Meta(ge=0, le=100)]
Weight = Annotated[int, msgspec.Meta(ge=0, le=100)]
Days = Annotated[int, msgspec.Meta(ge=1, le=HORIZON_DAYS)]
EndedDays = Annotated[int, msgspec.Meta(ge=1, le=HORIZON_DAYS - 1)]  # they end yesterday: today is one more
ActDays = Annotated[int, msgspec.Meta(ge=1, le=60)]  # signals keeps the acts of each user so long
TrafficDays = Annotated[int, msgspec.Meta(ge=1, le=28)]  # ingest's counts by hour are kept for 30
AdoptionDays = Annotated[int, msgspec.Meta(ge=1, le=60)]  # signals keeps the days and counts of each feature so long
DaysOrNone = Annotated[int, msgspec.Meta(ge=0, le=HORIZON_DAYS)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
CountOrZero = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=1_440)]
Hours = Annotated[int, msgspec.Meta(ge=1, le=8_760)]
Months = Annotated[int, msgspec.Meta(ge=1, le=60)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=10**12)] | Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Nps = Annotated[int, msgspec.Meta(ge=0, le=10)]
Csat = Annotated[int, msgspec.Meta(ge=1, le=5)]
Factor = Annotated[int, msgspec.Meta(ge=1, le=5)]
Currency = Annotated[str, msgspec.Meta(pattern=CURRENCY_PATTERN)]
Comparison = Literal[">", ">="]
Category = Literal["usage", "organisation", "buying", "outcome", "risk", "adoption", "compound", "ops"]
Scope = ScopeType
Trend = Literal["declining", "stable", "growing"]
Deal = Literal["tier", "seats", "usage", "cross_sell", "executive", "other"]
DueIn = Literal["days", "business_days"]
WhenUnknown = Literal["block", "leave_out"]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every part of the playbook is: frozen, named fields only, and a field it does not know is refused."""
