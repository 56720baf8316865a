"""RudderStack's bodies are Segment's; who wrote one is told by what its clients say and Segment's do not."""

from typing import Any

import msgspec
import pytest

from services.ingest.core.dialects import ROUTES, spoken
from shared.kernel.events.user_provisioned import UserProvisioned
from tests.support.intake import only, take

CALL = {"type": "track", "event": "X", "userId": "ada", "context": {"groupId": "acme"}, "channel": "server"}


@pytest.mark.parametrize(
    ("batch", "more", "name"),
    [
        ([CALL], {}, "rudderstack"),
        ([CALL], {"writeKey": "k"}, "segment"),
        ([{**CALL, "channel": "web"}, {"type": "sing"}], {}, "rudderstack"),
        ([{key: CALL[key] for key in CALL if key != "channel"}], {}, "segment"),
        ([7], {}, "segment"),
        ([], {}, "segment"),
    ],
)
def test_the_channel_without_a_key_in_the_body_tells_who_wrote_it(
    batch: list[Any], more: dict[str, Any], name: str
) -> None:
    """Only the metrics' label depends on it."""
    dialect, route = ROUTES["/v1/batch"]
    reading = dialect.read(msgspec.json.encode({"batch": batch} | more), route)
    assert spoken(dialect, reading) == name


def test_a_native_body_is_no_guest() -> None:
    """Where no other dialect shares the path, the path says it."""
    dialect, route = ROUTES["/v1/events"]
    assert spoken(dialect, dialect.read(b"[]", route)) == "native"


def test_traits_of_identify_are_in_the_context() -> None:
    """As its SDKs send them."""
    call = {"type": "identify", "userId": "ada", "context": {"groupId": "acme", "traits": {"department": "Finance"}}}
    line = only(take("/v1/batch", {"batch": [call | {"channel": "server"}]}))
    assert isinstance(line, UserProvisioned)
    assert line.properties.department == "Finance"
