"""The engine of one partition: the state after offset n is a pure function of records 0..n.

An account's lines are folded in their order; after each the rules are looked at. A line that cannot be used, or at
which a rule fails, becomes a dead letter and changes nothing.
Source: design (one input log; durability), definitions 1-8.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from services.signals.core import controls, poison
from services.signals.core.output import Output
from services.signals.core.partition import TYPE_NAMES, Partition
from services.signals.core.shelf import Group, PageReader
from services.signals.core.showcase import due
from services.signals.core.units import LogRecord, Unit, fold_one, fold_unit, units_of
from shared.kernel.codec import decode_record, encode_line
from shared.kernel.controls import Control, PlaybookSet
from shared.kernel.errors import ConfigurationError, InvariantError, Problem, Reason
from shared.kernel.events.envelope import Event
from shared.kernel.playbook import Playbook

__all__ = ["Engine", "Output"]


Sweep = tuple[int, bytes, Iterator[None]]  # a control record that is not through with all accounts: offset, value, rest


class Engine:
    """The fold of one owned partition. Sync and single-threaded; it never raises for bad data.

    Shape: `most_swept` is how many accounts a control record of all of them may go through in one call of `fold_run`,
    None is any number; `swept` counts those that records have gone through.
    """

    def __init__(
        self, partition: int, partitions: int, epoch: str, adopt: bool, playbook: Playbook, pages: PageReader
    ) -> None:
        self.state = Partition(partition, partitions, epoch, adopt, playbook, pages)
        self.stored_epochs = self.state.stored_epochs
        self.offset = self.state.meta.stamp[1]
        self.journal = poison.Journal(self.state.meta)
        self.most_swept: int | None = None
        self.swept = 0
        self._pending: tuple[int, bytes, PlaybookSet] | None = None  # with the record, if it holds nothing else
        self._sweep: Sweep | None = None

    @property
    def phase(self) -> str:
        """`backfill` while history is being loaded, else `live`."""
        return self.state.meta.phase

    @property
    def ticked_at(self) -> int:
        """The instant of the latest tick folded, 0 when there was none."""
        return self.state.meta.ticked_at

    def needs_playbook(self) -> str | None:
        """Return the version whose body must be added before anything more can be folded."""
        if self._pending is not None:
            return self._pending[2].version
        wanted = self.state.meta.playbook_version
        return wanted if wanted and wanted not in self.state.playbooks else None

    def add_playbook(self, version: str, playbook: Playbook) -> None:
        """Take a playbook's body; the control record that waited for it is applied, unless it means another body."""
        if self._pending is not None and self._pending[2].digest not in {"", playbook.digest}:
            self.refuse_playbook(f"its digest is {playbook.digest}, the log means {self._pending[2].digest}")
            return
        self.state.playbooks[version] = playbook
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self._begin(*pending)
            self._end_unless_swept(pending[0])
        elif version == self.state.meta.playbook_version:
            self.state.terms = self.state.terms_by(self.state.meta)

    def refuse_playbook(self, why: str) -> None:
        """Pass over the control record whose body cannot be used: it is a dead letter, and the playbook before stays.

        Errors: `ConfigurationError` when no record waits, so that the state itself was judged by that playbook.
        """
        if self._pending is None:
            raise ConfigurationError(
                f"partition {self.state.number} was judged by playbook {self.needs_playbook()}: {why}"
            )
        (offset, _value, control), self._pending = self._pending, None
        self.journal.exclude(offset, 0)
        poison.refuse(self.state, offset, 0, encode_line(control), Problem(Reason.UNUSABLE, "version", why))

    def fold(self, offset: int, value: bytes, now_ms: int) -> None:
        """Fold one record of the log. Errors: as `fold_run`."""
        self.fold_run(offset, [value], now_ms)

    def fold_many(self, records: Sequence[LogRecord], now_ms: int) -> None:
        """Fold consecutive records of the log. Errors: as `fold_run`."""
        if records:
            self.fold_run(records[0][0], [value for _, value in records], now_ms)

    def fold_run(self, first: int, values: Sequence[bytes], now_ms: int) -> None:
        """Fold consecutive records of the log: `offset` tells how far.

        Up to one whose playbook's body is missing; up to one that is not through with all accounts yet: it is given
        again. Shape: `first` is the offset of the first of them.
        Errors: `InvariantError` when one is missing already, or when it is not the one that is not through.
        """
        if self.needs_playbook() is not None:
            raise InvariantError(f"partition {self.state.number} waits for playbook {self.needs_playbook()}")
        self.state.now_ms = now_ms
        if self._sweep is not None:
            if first != self._sweep[0]:
                raise InvariantError(f"record {self._sweep[0]} is not through, and {first} was given")
            self._go_on(self._sweep)
            self._end_unless_swept(first)
        else:
            self._fold_pieces(first, values)

    def _fold_pieces(self, first: int, values: Sequence[bytes]) -> None:
        for piece in units_of(first, values):
            if isinstance(piece, Unit):
                fold_unit(self.state, self.journal, piece)
                self.offset = piece.following - 1
                self._count_failures()
            else:
                self._fold_record(*piece)
            if self._pending is not None or self._sweep is not None:
                return

    def _count_failures(self) -> None:
        for failure in self.state.take_failures():
            poison.count_failure(self.state, self.journal, failure)

    def _fold_record(self, offset: int, value: bytes) -> None:
        """Fold a record line by line."""
        self.journal.extend(offset, [value])
        lines, bad = decode_record(value)
        alone = value if len(lines) == 1 and not bad else b""
        for number, raw, problem in bad:
            poison.refuse(self.state, offset, number, raw, problem)
        for number, line in lines:
            if isinstance(line, Event):
                fold_one(self.state, self.journal, offset, number, line)
            elif isinstance(line, PlaybookSet) and not self._has_body(line):
                self._pending = (offset, alone, line)
            else:
                self._begin(offset, alone, line)
        self._end_unless_swept(offset)

    def _end_unless_swept(self, offset: int) -> None:
        """End a record, unless it is not through with all accounts; those that it has touched are stamped with it."""
        self.state.close(offset)
        self.offset = offset if self._sweep is None else offset - 1
        self._count_failures()

    def _begin(self, offset: int, value: bytes, control: Control) -> None:
        """Fold a control, as far as one call may go; to the end when its record, given as empty, holds more."""
        if value:
            self._sweep = offset, value, controls.sweep(self.state, control, offset)
            self._go_on(self._sweep)
        else:
            controls.apply(self.state, control, offset)

    def _go_on(self, sweep: Sweep) -> None:
        _offset, _value, steps = sweep
        for swept, _ in enumerate(steps, 1):
            self.swept += 1
            if swept == self.most_swept:
                return
        self._sweep = None

    def _has_body(self, control: PlaybookSet) -> bool:
        known = self.state.playbooks.get(control.version)
        return known is not None and control.digest in {"", known.digest}

    def take_outputs(self) -> list[Output]:
        """Return what is to be delivered since the last call."""
        outputs, self.state.outputs = self.state.outputs, []
        return outputs

    def take_snapshots(self, now_ms: int) -> list[Output]:
        """Return the snapshots that are due: of changed accounts, and of the others touched now and then.

        None while a control record is not through: some accounts are judged by it, and others are not.
        """
        if self._sweep is not None:
            return []
        snapshots = list(due(self.state, self.offset, now_ms))
        self.state.counts["snapshots",] += len(snapshots)
        return snapshots

    def take_dirty(self) -> list[Group]:
        """Return the changed pages as atomic groups, the meta page's last; what is folded later waits for the next."""
        state = self.state
        state.meta.stamp = (state.shelf.generation, self.offset)
        groups = state.shelf.groups(list(state.dirty.values()), state.meta, state.meta.ticked_at)
        state.dirty = {}
        self.journal.flushed(state.meta)
        if self._sweep is not None:
            offset, value, _steps = self._sweep
            self.journal.extend(offset, [value])
        return groups

    @property
    def weight(self) -> int:
        """About how many bytes the accounts in memory take."""
        return self.state.shelf.weight

    def let_go(self, so_many_bytes: int) -> None:
        """Let accounts go that are written, about so many bytes of them; their next event or snapshot loads them."""
        self.state.counts["let_go",] += self.state.shelf.let_go(so_many_bytes, self.state.dirty)

    def take_counts(self) -> Counter[tuple[str, ...]]:
        """Return what was counted since the last call."""
        counts, self.state.counts = self.state.counts, Counter()
        counts["loaded",] += self.state.shelf.loaded
        self.state.shelf.loaded = 0
        for kind, number in self.state.kinds.items():
            if number:
                counts["in", TYPE_NAMES[kind]] = number
                self.state.kinds[kind] = 0
        return counts
