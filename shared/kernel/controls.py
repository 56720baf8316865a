"""Control records: what travels in the partitions of `events` besides events.

Every control record is one line of its own record. Source: design (one input log), definitions 41, 66, 72, 73.
"""

from typing import Annotated, Literal

import msgspec

from shared.kernel.clock import MAX_INSTANT_MS, MIN_INSTANT_MS
from shared.kernel.events.envelope import Quantity, check_quantity
from shared.kernel.quantities import millionths


class Control(msgspec.Struct, kw_only=True, tag_field="type", gc=False):
    """What all control records share. Units: `at` is an instant in milliseconds, within 1900-2100 as every instant."""

    at: Annotated[int, msgspec.Meta(ge=MIN_INSTANT_MS, lt=MAX_INSTANT_MS)]


class Tick(Control, tag="control.tick", kw_only=True, gc=False):
    """Time passes. `live` is false for the ticks that the player of history writes."""

    live: bool = True


class Backfill(Control, tag="control.backfill", kw_only=True, gc=False):
    """History begins or ends; while it lasts every trigger is held with the reason `backfill`."""

    state: Literal["begin", "end"]


class PlaybookSet(Control, tag="control.playbook", kw_only=True, gc=False):
    """From this record on the partition is judged by another playbook; its body is on the topic `playbooks`."""

    version: str
    digest: str


class RuleSwitched(Control, tag="control.rule", kw_only=True, gc=False):
    """A rule was switched off (or on again) because it failed too often, or by hand."""

    rule: str
    enabled: bool
    reason: str = ""


class SourceHeard(Control, tag="control.source", kw_only=True, gc=False):
    """A write key fell silent or was heard again; written by ingest to every partition.

    Shape: of two about one source the later `at` holds; one that is not later repeats what is known. Of a silence,
    `missed_hours` are the hours without an event in which some were due, `missed_events` how many there were in the
    same hours of the period before. Units: `last_heard_at` is an instant in milliseconds, `usual_per_hour` events an
    hour over the period before the silence, its quiet hours included.
    """

    source: str
    silent: bool
    last_heard_at: Annotated[int, msgspec.Meta(ge=MIN_INSTANT_MS, lt=MAX_INSTANT_MS)] | None = None
    usual_per_hour: float = 0.0
    missed_hours: int = 0
    missed_events: int = 0


class Quintiles(Control, tag="control.quintiles", kw_only=True, gc=False):
    """The four bounds between the fifths of usage per seat in each segment; written nightly to every partition.

    Shape: `segments` maps a segment's key to its bounds, which do not fall; one without enough accounts is left out. Of
    two such records the later `at` holds. Units: acts of the window of active users per seat, at most six decimals.
    Source: playbook section 6, definition 41.
    """

    playbook_version: str
    segments: dict[str, tuple[Quantity, Quantity, Quantity, Quantity]]

    def __post_init__(self) -> None:
        """Refuse bounds that mean nothing. Errors: `ValueError` that names the field."""
        for segment, bounds in self.segments.items():
            for bound in bounds:
                check_quantity(f"segments.{segment}", bound)
            rising = [millionths(bound) for bound in bounds]
            if rising != sorted(rising):
                raise ValueError(f"segments.{segment} must not fall")


class AccountRemoved(Control, tag="control.account_removed", kw_only=True, gc=False):
    """An operator has removed an account; written to the partition that its name gives.

    Everything that is known of it gives way to tombstones; what comes later makes a new account.
    """

    account_id: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


CONTROLS: tuple[type[Control], ...] = (
    Tick,
    Backfill,
    PlaybookSet,
    RuleSwitched,
    SourceHeard,
    Quintiles,
    AccountRemoved,
)
