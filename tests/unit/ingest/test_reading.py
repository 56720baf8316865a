"""How a body is cut into its items."""

import msgspec
import pytest

from services.ingest.core.cutting import MOST_VALUES, TooManyError, few_values
from services.ingest.core.dialects import segment
from services.ingest.core.intake import Intake
from tests.support.intake import NOW, make_world


def test_a_batch_is_cut_into_its_calls_once_however_many_are_rejected_or_mapped() -> None:
    """Else a body of a few thousand bad calls would hold up everybody else for seconds."""
    calls = [{"type": "track", "messageId": "x"}, {"type": "dance"}, {"type": "track", "event": ""}]
    reading = segment.read(msgspec.json.encode({"batch": calls}), segment.ROW.routes[0])
    cut, times = reading.raw_items, []

    def counted() -> list[bytes]:
        times.append(1)
        return cut()

    reading.raw_items = counted
    intake = Intake(make_world(), "web", NOW, shift_ms=0, multiline=False, request_id="r")
    segment.normalise(reading, intake)
    assert [msgspec.json.decode(refused.line) for refused in intake.refused] == calls
    assert [reading.call_at(index) for index in range(3)] == calls
    assert len(times) == 1


@pytest.mark.parametrize("piece", [b"{},", b"1\n"])
def test_a_body_of_very_many_small_things_is_refused_before_it_is_read(piece: bytes) -> None:
    """Gzip makes kilobytes of it, and reading it would take a second and half a gigabyte."""
    assert few_values(piece * MOST_VALUES)
    with pytest.raises(TooManyError, match="at most 1000000 values"):
        few_values(piece * (MOST_VALUES + 1))
