"""What unit and property tests of ingest share: bodies read by a real dialect into a real intake."""

import msgspec

from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import ROUTES
from services.ingest.core.identities import Identities
from services.ingest.core.instants import clock_shift_ms
from services.ingest.core.intake import Intake, World
from services.ingest.core.partition import make_partitioner
from services.ingest.core.tracking import Tracking
from shared.kernel.codec import Line, decode_record
from tests.support.playbooks import shipped

PLAYBOOK = shipped()
NOW = 1_790_000_000_000
PARTITIONS = 8


def make_world(event_max_bytes: int = 10_000) -> World:
    """Return a fresh world with the default playbook."""
    tracking = Tracking(PLAYBOOK.tracking, PLAYBOOK.time)
    return World(tracking, Identities(), make_partitioner(PARTITIONS), event_max_bytes)


def take(path: str, body: object, world: World | None = None, source: str = "web") -> Intake:
    """Take a body in as the desk does; anything but bytes is encoded first."""
    dialect, route = ROUTES[path]
    return take_in(dialect, route, body, world, source)


def take_in(dialect: Dialect, route: Route, body: object, world: World | None = None, source: str = "web") -> Intake:
    """Take a body in whose dialect is known, where its path alone does not say it."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    reading = dialect.read(raw, route)
    intake = Intake(
        world or make_world(),
        source,
        NOW,
        shift_ms=clock_shift_ms(NOW, reading.sent_at),
        multiline=b"\n" in raw or b"\r" in raw,
        request_id="request",
    )
    dialect.normalise(reading, intake)
    intake.close()
    return intake


def log_lines(intake: Intake) -> list[Line]:
    """Return the events as the signals service will read them; every line must be readable."""
    found: list[Line] = []
    for group in intake.groups.values():
        good, bad = decode_record(msgspec.json.Encoder().encode_lines(group))
        assert not bad
        found.extend(line for _, line in good)
    return found


def only(intake: Intake) -> Line:
    """Return the one event that was taken."""
    assert not intake.rejected, intake.rejected
    (line,) = log_lines(intake)
    return line


def reasons(intake: Intake) -> list[tuple[int, str, str]]:
    """Return index, code and message of what was rejected."""
    return [(rejected.index, str(rejected.code), rejected.message) for rejected in intake.rejected]
