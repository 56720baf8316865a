"""A lively company on a real log, for the real engine; `verdict` tells whether workers made of it what is right."""

import asyncio
import random
from collections.abc import Iterable
from itertools import count, islice
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from shared.kernel.clock import DAY_MS
from shared.kernel.ids import partition_for
from shared.kernel.playbook import Playbook, playbook_to_json
from shared.kernel.topics import EVENTS
from tests.oracle.writing import WIDE_OPEN, control, event, instant, playbook
from tests.support.signals.stream import Stream

__all__ = ["RAISING_RULE", "Company", "without_play"]

RAISING_RULE = "gated_exploration"

ACCOUNTS = 40
USERS = 12
START_MS = instant("2026-03-01 08:00")
STEP_MS = 20 * 60_000
LATE_MS = (0, 0, 0, 0, 3_600_000, DAY_MS, 3 * DAY_MS, -240_000)
FEATURES = ("dashboards", "reports", "alerts", "imports", "integrations", "sso", "roles", "forecasting")


def without_play(whole: Playbook, rule: str) -> Playbook:
    """Return a playbook under which a rule fails when it fires: its play is missing."""
    play = getattr(whole.rules, rule).play
    return replace(whole, plays={name: row for name, row in whole.plays.items() if name != play})


class Company(Stream):
    """A made-up company's events, over days that pass quickly, some of them late, misplaced or sent twice.

    Shape: `write` moves its clock on by `step_ms`; `further` are lines to append with the next events. Nothing is ever
    written to partitions that are `empty`.
    """

    def __init__(
        self, bootstrap: str, prefix: str, partitions: int = 4, seed: int = 1, empty: Iterable[int] = ()
    ) -> None:
        super().__init__(bootstrap, prefix, partitions, seed)
        self.random = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.earlier: tuple[list[Any], str] | None = None
        self.playbook: Playbook = playbook(WIDE_OPEN)
        self.clock_ms = START_MS
        self.step_ms = STEP_MS
        self.ticks = True
        self.further: list[tuple[str, bytes]] = []
        self._again: tuple[str, bytes] | None = None
        self._number = 0
        self.filled = [number for number in range(partitions) if number not in set(empty)]
        names = (f"co-{number}" for number in count())
        self.names = list(islice((name for name in names if partition_for(name, partitions) in self.filled), ACCOUNTS))
        self._begun = False

    def save_playbook(self, folder: Path) -> Path:
        """Write the company's playbook to a file and return it."""
        path = folder / "playbook.yaml"
        path.write_bytes(playbook_to_json(self.playbook))
        return path

    async def write(self, events: int, *, producer: Any = None) -> None:
        """Append events and let time pass; each new day is ticked in every partition."""
        async with self._producer(producer) as sender:
            if not self._begun:
                self._begun = True
                await self._append(sender, [self._facts(name) for name in self.names])
            lines = [self._line() for _ in range(events)]
            await self._append(sender, [*lines, *([self._again] if self._again else []), *self._further()])
            before, self.clock_ms = self.clock_ms, self.clock_ms + self.step_ms
            if self.ticks and before // DAY_MS != self.clock_ms // DAY_MS:
                tick = control("tick", self.clock_ms // DAY_MS * DAY_MS)
                topic = self.prefix + EVENTS.name
                await asyncio.gather(*[await sender.send(topic, tick, partition=number) for number in self.filled])

    def keep_log(self, records: list[Any], epoch: str) -> None:
        """Remember the records of a log that is about to be replaced, and its id."""
        self.earlier = records, epoch

    def _further(self) -> list[tuple[str, bytes]]:
        lines, self.further = self.further, []
        return lines

    async def _append(self, sender: Any, lines: list[tuple[str, bytes]]) -> None:
        packs: dict[int, list[bytes]] = {}
        for account, line in lines:
            place = partition_for(account, self.partitions)
            if self.random.random() < 0.01:
                place = self.random.choice(self.filled)
            packs.setdefault(place, []).append(line)
        topic = self.prefix + EVENTS.name
        await asyncio.gather(
            *[await sender.send(topic, b"\n".join(pack), partition=place) for place, pack in packs.items()]
        )

    def _facts(self, name: str) -> tuple[str, bytes]:
        self._number += 1
        seats = random.Random(name).choice([4, 8, 12, 20])  # noqa: S311 - made-up, the same each time
        properties = {"name": name, "plan": "Starter", "seats": seats, "mrr": 500, "onboarded_at": "2025-06-01"}
        return name, event("account.updated", name, self.clock_ms, f"f{self._number}", properties=properties)

    def _line(self) -> tuple[str, bytes]:
        self._number += 1
        rnd = self.random
        name, user = rnd.choice(self.names), f"u{rnd.randrange(USERS)}"
        kind, properties = rnd.choice(
            [
                ("session.started", {}),
                ("feature.used", {"feature": rnd.choice(FEATURES)}),
                ("feature.blocked", {"feature": rnd.choice(FEATURES[4:])}),
                ("usage.recorded", {"metric": "api_calls", "quantity": rnd.randrange(400)}),
                ("user.provisioned", {"department": rnd.choice(["Sales", "Ops"])}),
                ("user.deactivated", {}),
                rnd.choice([("user.erased", {}), ("session.started", {})]),
                ("survey.answered", {"survey": "nps", "score": rnd.randrange(11)}),
                ("usage.recorded", {"metric": "api_calls", "quantity": -1}),
            ]
        )
        late = rnd.choice(LATE_MS)
        line = event(kind, name, self.clock_ms - late, f"e{self._number}", user=user, properties=properties)
        self._again = rnd.choice([(name, line), self._again or (name, line)])
        return name, line
