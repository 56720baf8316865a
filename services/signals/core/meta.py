"""The page of a partition itself: how far it is, and what is known of the whole of it.

Source: design (state, durability 2).
"""

from typing import Literal

import msgspec

from services.signals.core.pages import NO_STAMP, SCHEMA_VERSION, Stamp
from services.signals.core.source_state import SourceState


class Meta(msgspec.Struct, array_like=True):
    """The partition's own page.

    Shape: `epochs` are the ids of the logs read so far, the last one is in force; `sources` is replaced, never changed,
    so that a copy of the page keeps what it had, and so are `quintiles`, the bounds by segment of `quintiles_at`.
    Units: `ticked_at` and `quintiles_at` in milliseconds, bounds in millionths.
    """

    version: int = SCHEMA_VERSION
    stamp: Stamp = NO_STAMP
    epochs: tuple[str, ...] = ()
    ticked_at: int = 0
    live_ticked: bool = False
    phase: Literal["live", "backfill"] = "live"
    playbook_version: str = ""
    switched_off: tuple[str, ...] = ()
    sources: dict[str, SourceState] = {}
    quintiles_at: int | None = None
    quintiles: dict[str, tuple[int, int, int, int]] = {}
