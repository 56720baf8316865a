"""How a body is cut into its items."""

import msgspec

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
