"""Made-up companies: a log of a partition, line by line, as Hypothesis draws it.

Shape: a `Step` moves the clock and writes one line; everything is drawn from short lists around the boundaries, so that
examples shrink to a few lines that a person can read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from shared.kernel.ids import partition_for
from shared.kernel.playbook import Playbook
from tests.oracle.rules import RULES
from tests.oracle.writing import accounts_of, control, event, instant
from tests.property.signals.facts import facts, setting
from tests.property.signals.playbooks import PLAYBOOKS
from tests.property.signals.vocabulary import FOCUS, PROPERTIES

PARTITIONS = 3
PARTITION = 1
ACCOUNTS = accounts_of(PARTITION, PARTITIONS, 2)
STRANGER = next(f"x{n}" for n in range(99) if partition_for(f"x{n}", PARTITIONS) != PARTITION)
START = "2026-01-20 08:00"
MINUTE_MS = 60_000
DAY = 1440
BUSY = {
    "acts",
    "answers",
    "costs",
    "unit costs",
    "logins",
    "quantities",
    "tries",
}  # what is compared over days, and of which there must be much


@dataclass(frozen=True)
class Step:
    """Minutes that pass, then a line. Shape: `write(account, instant, id)` returns its bytes."""

    what: str
    passes: int
    late: int
    account: str
    write: Callable[[str, int, str], bytes] = field(compare=False)
    alone: bool = False

    def __repr__(self) -> str:
        """Say what the step is, for a failing example."""
        late = f", {self.late} min late" if self.late else ""
        return f"<+{self.passes} min{late}: {self.account} {self.what}>"


@dataclass(frozen=True)
class Company:
    """A drawn log. Shape: `lines` in order with whether each must be a record of its own."""

    first: str
    lines: tuple[tuple[bytes, bool], ...]

    def playbooks(self) -> list[Playbook]:
        """Return all playbooks, that of the beginning first."""
        return [PLAYBOOKS[self.first], *(row for name, row in PLAYBOOKS.items() if name != self.first)]

    def records(self) -> list[bytes]:
        """Return one record for each line."""
        return [line for line, _ in self.lines]

    def packed(self) -> list[bytes]:
        """Return as few records as can be."""
        records: list[list[bytes]] = [[]]
        for line, alone in self.lines:
            records += [[line], []] if alone else []
            records[-1] += [] if alone else [line]
        return [b"\n".join(record) for record in records if record]

    def __repr__(self) -> str:
        """Show the log as it can be pasted into a test."""
        return f"Company({self.first!r}):\n" + "\n".join(line.decode() for line, _ in self.lines)


accounts = st.sampled_from([*ACCOUNTS[:1] * 16, *ACCOUNTS * 4, STRANGER])
users = st.sampled_from(["u1", "u1", "u2", "u2", "u3", "u4", "u5", None])
passes = st.sampled_from([*[0] * 24, 1, 30, 59, 60, 61, 400, DAY, DAY, DAY, 2 * DAY, 8 * DAY, 31 * DAY])
lates = st.sampled_from([*[0] * 14, 30, 600, DAY, 3 * DAY, 20 * DAY, 45 * DAY, 399 * DAY, 401 * DAY, -3, -2 * DAY])


def _event(kind: str, user: str | None, properties: dict[str, object], source: str) -> Callable[[str, int, str], bytes]:
    def write(account: str, at: int, name: str) -> bytes:
        return event(kind, account, at, name, user=user, source=source, properties=properties)

    return write


def _control(kind: str, *, back: int = 0, **given: object) -> Step:
    def write(_account: str, at: int, _name: str) -> bytes:
        return control(kind, at - back, **given)

    return Step(f"{kind} {given}", 0, 0, "-", write, alone=True)


def _update(given: dict[str, object]) -> Step:
    return Step(f"account.updated {given}", 0, 0, ACCOUNTS[0], _event("account.updated", None, given, "crm"))


@st.composite
def events(draw: st.DrawFn, kinds: list[str]) -> Step:
    """Draw one event of some types."""
    kind = draw(st.sampled_from(kinds))
    properties = draw(PROPERTIES[kind])
    if draw(st.integers(0, 19)) == 19:
        properties = properties | {"mentions_competitor": True}
    user = draw(users)
    write = _event(kind.partition("/")[0], user, properties, draw(st.sampled_from(["app", "app", "crm"])))
    return Step(f"{kind} {user} {properties}", draw(passes), draw(lates), draw(accounts), write)


@st.composite
def updates(draw: st.DrawFn) -> Step:
    """Draw one change of facts."""
    return replace(_update(draw(facts)), passes=draw(passes), late=draw(lates), account=draw(accounts))


bounds = st.sampled_from([[0, 1, 2, 3], [0.5, 1, 4, 10], ["0.333333", 2, 2, 2]])
CONTROLS: dict[str, st.SearchStrategy[Step]] = {
    "tick": st.builds(_control, st.just("tick"), live=st.sampled_from([True, True, False])),
    "old_tick": st.builds(_control, st.just("tick"), back=st.just(3 * DAY * MINUTE_MS), live=st.booleans()),
    "playbook": st.builds(
        _control, st.just("playbook"), version=st.sampled_from(sorted(PLAYBOOKS)), digest=st.just("")
    ),
    "rule": st.builds(_control, st.just("rule"), rule=st.sampled_from(RULES), enabled=st.booleans()),
    "backfill": st.builds(_control, st.just("backfill"), state=st.sampled_from(["begin", "end"])),
    "source": st.builds(
        _control, st.just("source"), source=st.sampled_from(["app", "crm", "web"]), silent=st.booleans()
    ),
    "removed": st.builds(_control, st.just("account_removed"), account_id=st.sampled_from([*ACCOUNTS, STRANGER])),
    "quintiles": st.builds(
        _control,
        st.just("quintiles"),
        back=st.sampled_from([0, 0, DAY * MINUTE_MS]),
        playbook_version=st.just("open"),
        segments=st.dictionaries(st.sampled_from(["smb", "mid_market"]), bounds),
    ),
}
controls = st.tuples(
    st.sampled_from(
        [*["tick"] * 10, "old_tick", "playbook", "rule", "backfill", "source", "quintiles", "removed"]
    ).flatmap(CONTROLS.__getitem__),
    passes,
).map(lambda drawn: replace(drawn[0], passes=drawn[1]))
RUBBISH = [b"{", b"[]", b"7", b'{"type":"no.such"}', b'{"type":"session.started"}', b"\xff\xfe"]
rubbish = st.sampled_from(RUBBISH).map(lambda line: Step("rubbish", 0, 0, "-", lambda _account, _at, _name: line))


def weighted(foci: list[str]) -> st.SearchStrategy[Step]:
    """Draw any step, events most often."""
    belonging = [kind for focus in foci for kind in FOCUS[focus]]
    kinds = [events(belonging)] * 16 + [controls] * 4 + [updates()] * 3 + [rubbish]
    return st.integers(0, len(kinds) - 1).flatmap(lambda n: kinds[n])


@st.composite
def days(draw: st.DrawFn, focus: str, *, least: int, most: int) -> list[Step]:
    """Draw some days one after another, each with what belongs together; some have much of it and some nothing."""
    steps: list[Step] = []
    waiting = 0
    for _ in range(draw(st.integers(least, most))):
        waiting += DAY
        for _ in range(draw(st.sampled_from([0, 1, 2, 4, 7] if focus in BUSY else [0, 1, 2, 3]))):
            late = draw(lates) if draw(st.integers(0, 3)) == 3 else 0
            steps.append(replace(draw(events(FOCUS[focus])), passes=waiting, late=late, account=ACCOUNTS[0]))
            waiting = 0
    return steps


@st.composite
def spells(draw: st.DrawFn, steps: list[Step]) -> list[Step]:
    """Draw times in which expansion is held or history is loaded, put them around some steps, and remove an account."""
    steps = list(steps)
    for _ in range(draw(st.sampled_from([0, 1, 2, 4]))):
        begins = draw(st.integers(0, len(steps)))
        steps.insert(begins, _update({"status": draw(st.sampled_from([*["suspended"] * 5, "churned"]))}))
        steps.insert(begins + draw(st.integers(2, 9)), _update({"status": "active"}))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):  # refused after the first live tick
        begins = draw(st.sampled_from([0, draw(st.integers(0, len(steps)))]))
        steps.insert(begins, _control("backfill", state="begin"))
        steps.insert(begins + draw(st.integers(2, 15)), _control("backfill", state="end"))
    if draw(st.integers(0, 7)) == 7:
        gone = _control("account_removed", account_id=ACCOUNTS[0])
        steps.insert(draw(st.integers(0, len(steps))), gone)
    return steps


@st.composite
def companies(draw: st.DrawFn, focus: str | None = None) -> Company:
    """Draw a whole log: the accounts' settings, then steps, some lines repeated, and a last tick on a new day.

    Shape: first come days of a `focus`, any when it is not given, and of others, then steps of those and of all else.
    """
    steps: list[Step] = []
    for account in ACCOUNTS[: draw(st.integers(1, 2))]:
        steps.append(replace(_update(draw(setting)), account=account))
        steps.append(Step("use", 0, 0, account, _event("feature.used", "u1", {"feature": "dashboards"}, "app")))
    foci = [draw(st.sampled_from(sorted(FOCUS))) if focus is None else focus]
    steps += draw(days(foci[0], least=4, most=9))
    for other in draw(st.lists(st.sampled_from(sorted(FOCUS)), max_size=2)):
        foci.append(other)
        steps += draw(days(other, least=2, most=4))
    at_least = draw(st.sampled_from([0, 0, 0, 5, 20]))
    steps += draw(st.lists(weighted([*foci, "everything"]), min_size=at_least, max_size=2 * at_least))
    lines: list[tuple[bytes, bool]] = []
    now = instant(START)
    for number, step in enumerate(draw(spells(steps))):
        now += step.passes * MINUTE_MS
        lines.append((step.write(step.account, now - step.late * MINUTE_MS, f"e{number}"), step.alone))
        if draw(st.integers(0, 9)) == 9:
            lines.append(lines[draw(st.integers(0, len(lines) - 1))])
    lines.append((control("tick", now + 3 * DAY * MINUTE_MS), True))  # later than any event
    first = ["open", "middle", "strict", "sharp", "wide", *["small"] * 8, "fine", "fine"]
    return Company(draw(st.sampled_from([*first, *["sharp"] * 6] if "acts" in foci else first)), tuple(lines))


@st.composite
def packed(draw: st.DrawFn, company: Company) -> list[bytes]:
    """Draw another packing of a company's lines into records; the order of the lines stays."""
    records: list[list[bytes]] = [[]]
    for line, alone in company.lines:
        if alone or draw(st.booleans()):
            records.append([])
        records[-1].append(line)
        if alone:
            records.append([])
    return [b"\n".join(record) for record in records if record]
