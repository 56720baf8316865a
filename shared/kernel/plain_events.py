"""The events of the flood as nearly all clients send them: quantities are integers, so one reading finds them right.

An event is checked by its shape's own Python wherever it says how much; for an integer the decoder can do that itself.
These shapes accept nothing that those of `events` refuse, so what they cannot read is read again by those.
Source: design (throughput), definition 45.
"""

from functools import reduce
from operator import or_
from typing import Annotated, Any

import msgspec

from shared.kernel.events import EVENT_TYPES
from shared.kernel.events.envelope import Event, Name, Properties
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.usage_recorded import UsageRecorded
from shared.kernel.quantities import LARGEST

__all__ = ["PLAIN_SHAPES", "PlainFeatureUsed", "PlainUsageRecorded"]

Whole = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


class PlainFeatureProperties(Properties, kw_only=True, gc=False):
    """What `feature.used` carries."""

    feature: Name
    quantity: Whole = 1
    metric: Name | None = None


class PlainFeatureUsed(Event, tag="feature.used", kw_only=True, gc=False):
    """One `feature.used` event."""

    properties: PlainFeatureProperties


class PlainUsageProperties(Properties, kw_only=True, gc=False):
    """What `usage.recorded` carries."""

    metric: Name
    quantity: Whole
    cost: Whole | None = None


class PlainUsageRecorded(Event, tag="usage.recorded", kw_only=True, gc=False):
    """One `usage.recorded` event."""

    properties: PlainUsageProperties


_PLAIN: dict[type[Event], type[Event]] = {FeatureUsed: PlainFeatureUsed, UsageRecorded: PlainUsageRecorded}
PLAIN_SHAPES: Any = reduce(or_, [_PLAIN.get(row.shape, row.shape) for row in EVENT_TYPES])
