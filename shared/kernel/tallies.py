"""The records on the topic `ingest.tallies`: what each ingest process has counted, by itself and so far.

A count is *cumulative* within its process and its hour or day, so the newest record of a key replaces the earlier ones,
a repeat does no harm, and the whole is the sum over processes. Source: playbook section 2 (tracking plan) and section 7
(`source_silent`).
"""

import msgspec

from shared.kernel.clock import HOUR_MS


class UnmappedTally(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="unmapped"):
    """How often a process met a name that no row of the tracking plan maps, on one day.

    Shape: `name` is None for all names beyond those that a process counts one by one; behind `STRAY` it is a field of
    `account.updated` that is no fact; `properties` are the names of the
    call's properties with the JSON types they had, at most a few dozen; `example` is the id of one such call.
    Units: `day` counts UTC days since 1970; `since` and `until` are the arrivals of the first and the last that day, in
    milliseconds.
    """

    process: str
    source: str
    day: int
    name: str | None
    count: int
    since: int
    until: int
    properties: dict[str, tuple[str, ...]] = {}
    example: str | None = None


class TrafficTally(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="traffic"):
    """How many events of a source a process got into the log in one hour.

    Units: `hour` is the UTC hour's first instant, `at` the arrival of the latest of them, both in milliseconds. Of the
    source `LISTENING` the count is the minutes of that hour in which the process could take events.
    """

    process: str
    source: str
    hour: int
    count: int
    at: int


class SourceTally(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="source"):
    """A write key fell silent or was heard again, as one process found it.

    Shape: first it is claimed (`told` false), so that one process alone writes the `control.source` records; then, when
    they are in the log, it is told. Of two about one source the later `at` holds.
    Units: `at` is the instant that `control.source` carries, `claimed_at` that of the claim, in milliseconds.
    """

    process: str
    source: str
    silent: bool
    at: int
    claimed_at: int
    told: bool = False
    last_heard_at: int | None = None
    usual_per_hour: float = 0.0
    missed_hours: int = 0
    missed_events: int = 0


STRAY = "account.updated:"
LISTENING = ""  # the source under which a process counts the minutes of an hour in which it could take events
Tally = UnmappedTally | TrafficTally | SourceTally
_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Tally] = msgspec.json.Decoder(Tally)


def hour_of(instant_ms: int) -> int:
    """Return the first instant of the UTC hour in which an instant lies."""
    return instant_ms - instant_ms % HOUR_MS


def tally_key(tally: Tally) -> bytes:
    """Return the record's key. Of two records with the same key the later one stands alone."""
    if isinstance(tally, TrafficTally):
        return _ENCODER.encode(("traffic", tally.process, tally.source, tally.hour))
    if isinstance(tally, SourceTally):
        return _ENCODER.encode(("source", tally.source, "told" if tally.told else "claimed"))
    return _ENCODER.encode(("unmapped", tally.process, tally.source, tally.day, tally.name))


def encode_tally(tally: Tally) -> bytes:
    """Return a tally as JSON."""
    return _ENCODER.encode(tally)


def decode_tally(value: bytes) -> Tally:
    """Return the tally in a record's value. Errors: `msgspec.ValidationError` names the path."""
    return _DECODER.decode(value)
