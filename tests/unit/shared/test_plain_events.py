"""Reading the flood's events in plain shapes accepts nothing that their own shapes refuse, and finds the same in it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.codec import decode_events, decode_plain_events, decode_single_events
from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.usage_recorded import UsageRecorded
from shared.kernel.plain_events import PlainFeatureUsed, PlainUsageRecorded
from shared.kernel.quantities import LARGEST

PAIRS = [(FeatureUsed, PlainFeatureUsed), (UsageRecorded, PlainUsageRecorded)]
NUMBERS = st.sampled_from([0, 1, -1, LARGEST, LARGEST + 1, 1 << 70, 1.0, 0.5, -0.5, 1e300, "1.25", "x", None, True])
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "feature": st.sampled_from(["f", "", 3]),
        "metric": st.sampled_from(["m", "", None]),
        "quantity": NUMBERS,
        "cost": NUMBERS,
        "mentions_competitor": st.sampled_from([True, False, None]),
    },
)
ENVELOPES = st.fixed_dictionaries(
    {
        "id": st.just("e"),
        "account_id": st.sampled_from(["a", ""]),
        "occurred_at": st.sampled_from([1_772_438_400_000, 0]),
    },
    optional={
        "source": st.sampled_from(["app", ""]),
        "user_id": st.sampled_from(["u", None, ""]),
        "received_at": st.just(1),
    },
)


def said(events: list[Event] | None) -> Any:
    """Return what events say, whichever shape they have."""
    return None if events is None else [msgspec.to_builtins(event) for event in events]


@pytest.mark.parametrize(("own", "plain"), PAIRS)
def test_a_plain_shape_has_the_fields_of_its_event(own: type[Event], plain: type[Event]) -> None:
    """A field that an event is given must be read, and checked, in both."""
    for one, other in ((own, plain), (properties(own), properties(plain))):
        names = [(field.encode_name, field.default) for field in msgspec.structs.fields(one)]
        assert names == [(field.encode_name, field.default) for field in msgspec.structs.fields(other)]


def properties(shape: type[Event]) -> Any:
    """Return the shape of an event's properties."""
    return next(field.type for field in msgspec.structs.fields(shape) if field.name == "properties")


@given(st.sampled_from(["feature.used", "usage.recorded"]), ENVELOPES, GIVEN)
def test_the_same_is_accepted_and_found(kind: str, envelope: dict[str, Any], given: dict[str, Any]) -> None:
    """Whatever is in a line, and however it was packed."""
    line = msgspec.json.encode({"type": kind, **envelope, "properties": given})
    own = said(decode_events(line))
    assert said(decode_plain_events(line)) == own
    assert said(decode_single_events([line])) == own
