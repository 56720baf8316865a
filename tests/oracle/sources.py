"""Silent sources, written down as the definitions say it.

Choices where they are silent: of two records about one source the one with the later `at` holds, one that is not later
says nothing; a trigger is named by the instant that ingest decided for; a rule that is switched off ends its triggers
at that record, one that is switched on waits for the next silence.

Source: playbook section 7, definitions 41, 63, 70, 74.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from shared.kernel.controls import SourceHeard
from shared.kernel.ids import partition_for, trigger_id
from tests.oracle.records import Said, Terms

RULE = "source_silent"


@dataclass
class Sources:
    """The sources as one partition knows them. Shape: `open` maps a source to what named its trigger, and if held."""

    partition: int
    partitions: int
    latest: dict[str, SourceHeard] = field(default_factory=dict)
    open: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def hear(self, line: SourceHeard, terms: Terms, ticked_at: int) -> list[Said]:
        """Take one record about a source."""
        before = self.latest.get(line.source)
        if before is not None and line.at <= before.at:
            return []
        self.latest[line.source] = line
        clock = max(line.at, ticked_at)
        if line.silent and line.source not in self.open and _is_on(terms):
            self.open[line.source] = (line.at, terms.backfill)
            return self._say("held" if terms.backfill else "fired", line.source, clock)
        if not line.silent and line.source in self.open:
            return self._end(line.source, clock)
        return []

    def judge_by(self, terms: Terms, at: int, ticked_at: int) -> list[Said]:
        """Look at what is open under other terms: released when history has ended, ended when the rule is off."""
        clock = max(at, ticked_at)
        said: list[Said] = []
        for source, (opened_at, held) in list(self.open.items()):
            if not _is_on(terms):
                said += self._end(source, clock)
            elif held and not terms.backfill:
                self.open[source] = (opened_at, False)
                said += self._say("released", source, clock)
        return said

    def _end(self, source: str, clock: int) -> list[Said]:
        said = self._say("resolved", source, clock)
        del self.open[source]
        return said

    def _say(self, record: str, source: str, clock: int) -> list[Said]:
        if partition_for(source, self.partitions) != self.partition:
            return []
        opened_at, _held = self.open[source]
        decided_by = f"source/{opened_at}"
        said = Said(
            record=record,
            trigger_id=trigger_id("", RULE, source, None, decided_by),
            account="",
            rule=RULE,
            scope=source,
            level=None,
            decided_by=decided_by,
            occurred_at=clock,
            held_because=("backfill",) if record == "held" else (),
            value=Fraction(0) if self.latest[source].silent else None,
            threshold=Fraction(0),
            comparison="<=",
        )
        return [said]


def _is_on(terms: Terms) -> bool:
    return RULE not in terms.off and terms.playbook.rules.source_silent.enabled
