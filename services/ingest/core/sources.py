"""The sources as all ingest processes know them: what was heard when, who is silent, and what is to be told of it.

Every process folds the same topic `ingest.tallies`, so all come to the same answers. A change is *claimed* before it is
told: the first claim in the topic decides which process writes the control records, and one that died is replaced.
Source: playbook section 7 (`source_silent`), definition 41.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator

import msgspec

from services.ingest.core.silence import DAY_HOURS, Yardstick, judge
from shared.kernel.clock import HOUR_MS, MINUTE_MS
from shared.kernel.controls import SourceHeard
from shared.kernel.tallies import LISTENING, SourceTally, Tally, TrafficTally, hour_of

CLAIM_MS = 30_000
LISTENED_MINUTES = 30
GRACE_MS = MINUTE_MS  # so long after an hour's end its counts may still be on their way
RENEWED_MS = DAY_HOURS * HOUR_MS  # the topic forgets after weeks what nobody writes again


class Known(msgspec.Struct):
    """One source. Shape: `told` is the latest change that is in the log, `claim` one that is about to be."""

    hours: dict[int, dict[str, int]] = msgspec.field(default_factory=dict)
    heard_at: int | None = None
    told: SourceTally | None = None
    claim: SourceTally | None = None

    @property
    def silent(self) -> bool:
        """Tell whether it has been told to be silent, and not to be heard again since."""
        return self.told is not None and self.told.silent

    def heard(self) -> dict[int, int]:
        """Return the events of each hour with traffic."""
        return {hour: total for hour, cells in self.hours.items() if (total := sum(cells.values()))}


class Sources:
    """What all processes have tallied. Shape: folding a record twice, or an older one again, changes nothing."""

    def __init__(self, yardstick: Yardstick) -> None:
        self._yardstick = yardstick
        self._known: defaultdict[str, Known] = defaultdict(Known)

    def take(self, tally: Tally) -> None:
        """Fold one record of the topic."""
        if isinstance(tally, TrafficTally):
            known = self._known[tally.source]
            known.hours.setdefault(tally.hour, {})[tally.process] = tally.count
            known.heard_at = max(tally.at, known.heard_at or tally.at)
        elif isinstance(tally, SourceTally):
            self._change(self._known[tally.source], tally)

    def _change(self, known: Known, tally: SourceTally) -> None:
        if known.told is not None and tally.at < known.told.at:
            return
        if tally.told:
            known.told = tally
            if known.claim is not None and known.claim.at <= tally.at:
                known.claim = None
        elif known.told is None or tally.at > known.told.at:
            held = known.claim
            if held is None or held.silent != tally.silent or tally.claimed_at >= held.claimed_at + CLAIM_MS:
                known.claim = tally

    def __iter__(self) -> Iterator[tuple[str, Known]]:
        """Yield each source with what is known of it."""
        yield from sorted((name, known) for name, known in self._known.items() if name != LISTENING)

    def forget(self, now_ms: int) -> None:
        """Forget the hours that no decision needs any more."""
        oldest = hour_of(now_ms) - 3 * self._yardstick.period_ms - 2 * DAY_HOURS * HOUR_MS
        for known in self._known.values():
            for hour in [hour for hour in known.hours if hour < oldest]:
                del known.hours[hour]

    def changes(self, valid: Collection[str], process: str, now_ms: int) -> list[SourceTally]:
        """Return what this process finds and nobody has told: a claim each. Shape: `valid` sources have a write key."""
        found = []
        listened = self._listened()
        for name, known in self:
            change = self._found(name, known, name in valid, listened, now_ms)
            if change is not None:
                found.append(msgspec.structs.replace(change, process=process, claimed_at=now_ms))
        return found

    def _found(self, name: str, known: Known, valid: bool, listened: set[int], now_ms: int) -> SourceTally | None:
        told = known.told
        if told is not None and told.silent:
            heard_at = known.heard_at
            if heard_at is not None and heard_at > told.at:
                return _change(name, silent=False, at=heard_at, last_heard_at=heard_at)
            return None if valid else _change(name, silent=False, at=max(now_ms, told.at + 1), last_heard_at=heard_at)
        over = hour_of(now_ms - GRACE_MS)
        if not valid or known.heard_at is None or hour_of(known.heard_at) + HOUR_MS >= over:
            return None
        silence = judge(known.heard(), listened, over, self._yardstick)
        if silence is None or (told is not None and silence.at <= told.at):
            return None
        return msgspec.structs.replace(
            _change(name, silent=True, at=silence.at, last_heard_at=known.heard_at),
            usual_per_hour=silence.usual_per_hour,
            missed_hours=silence.missed_hours,
            missed_events=silence.missed_events,
        )

    def _listened(self) -> set[int]:
        cells = self._known[LISTENING].hours if LISTENING in self._known else {}
        return {hour for hour, minutes in cells.items() if sum(minutes.values()) >= LISTENED_MINUTES}

    def claim_of(self, change: SourceTally) -> SourceTally | None:
        """Return the claim that stands for a change; None when there is none, or when whoever claimed it died."""
        claim = self._known[change.source].claim
        if claim is None or claim.silent != change.silent or change.claimed_at >= claim.claimed_at + CLAIM_MS:
            return None
        return claim

    def to_renew(self, now_ms: int) -> list[SourceTally]:
        """Return what was told long ago of silent sources, to be written again before the topic forgets it."""
        due = []
        for _name, known in self:
            told = known.told
            if told is not None and told.silent and told.claimed_at < now_ms - RENEWED_MS:
                due.append(msgspec.structs.replace(told, claimed_at=now_ms))
        return due


def control_of(tally: SourceTally) -> SourceHeard:
    """Return the control record that tells every partition of a change."""
    return SourceHeard(
        at=tally.at,
        source=tally.source,
        silent=tally.silent,
        last_heard_at=tally.last_heard_at,
        usual_per_hour=tally.usual_per_hour,
        missed_hours=tally.missed_hours,
        missed_events=tally.missed_events,
    )


def _change(source: str, *, silent: bool, at: int, last_heard_at: int | None) -> SourceTally:
    return SourceTally(process="", source=source, silent=silent, at=at, claimed_at=0, last_heard_at=last_heard_at)
