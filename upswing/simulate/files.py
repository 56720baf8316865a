"""Writes a simulation to a folder: events in the order of arrival, the truth, the mapping, the playbook, a README."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.events import BY_NAME
from shared.kernel.playbook import playbook_to_json
from upswing.history.needs import KINDS
from upswing.simulate.company import Arrival, Company
from upswing.simulate.formats import FORMATS, table_name
from upswing.simulate.mappings import mapping_text
from upswing.simulate.request import Request
from upswing.simulate.rhythm import date_text
from upswing.simulate.telling import accounts_of, labels_of, simulation_of
from upswing.simulate.truth import Bad, Totals, encode

Told = Callable[[int], None]
TRUTH = "truth.jsonl"
HOT = {"session.started", "feature.used", "usage.recorded", "usage.reported", "feature.blocked"}


def tokens_of(event: dict[str, Any]) -> Iterator[str]:
    """Yield what an event holds, in the words of `history.needs`."""
    kind = event["type"]
    yield kind
    if "user_id" in event:
        yield f"{kind}.user"
    for name, value in event["properties"].items():
        if value is False or value == []:
            continue
        yield f"{kind}.{name}"
        if name in KINDS:
            yield f"{kind}:{value}"
        if name == "mentions_competitor":
            yield "competitor.mentioned"


class Tally:
    """Counts what is sent, while it is sent."""

    def __init__(self) -> None:
        self.events = self.bad = 0
        self.sent: dict[str, int] = {}
        self.tokens: set[str] = set()
        self._shapes: set[tuple[object, ...]] = set()

    def add(self, arrivals: list[Arrival]) -> Iterator[Bad]:
        """Count what arrives; yield a record of each event that is wrong on purpose."""
        for _at_ms, _number, event, code in arrivals:
            self.events += 1
            kind = event["type"]
            if code is not None:
                self.bad += 1
                yield Bad(line=self.events, id=event["id"], account_id=event.get("account_id"), code=code)
                continue
            self.sent[kind] = self.sent.get(kind, 0) + 1
            shape = (kind, "user_id" in event, *event["properties"])
            if kind not in HOT or shape not in self._shapes:
                self._shapes.add(shape)
                self.tokens.update(tokens_of(event))

    def totals(self, company: Company) -> Totals:
        """Return the last record of the truth."""
        return Totals(
            events=self.events,
            sent=dict(sorted(self.sent.items())),
            bad=self.bad,
            duplicates=sum(subject.duplicates for subject in company.subjects),
            labels=labels_of(company),
            tokens=sorted(self.tokens),
        )


class Written(msgspec.Struct, frozen=True):
    """What was written: the files of events by name, and the sums."""

    files: list[str]
    totals: Totals


def write_files(request: Request, folder: Path, written: str, told: Told = lambda _days: None) -> Written:
    """Write a simulation to a new or empty folder. Errors: `ConfigurationError` when something is there already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} is not empty: name a new folder with --out")
    company, tally = Company(request), Tally()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "playbook.yaml").write_bytes(playbook_to_json(request.playbook))
    writer = FORMATS[written](folder)
    with (folder / TRUTH).open("wb") as truth:
        truth.write(encode(simulation_of(request)))
        for number, arrivals in enumerate(company.days(), start=1):
            truth.writelines(encode(bad) for bad in tally.add(arrivals))
            writer.write([(at_ms, event) for at_ms, _number, event, _bad in arrivals])
            told(number)
        files = writer.close()
        truth.writelines(encode(account) for account in accounts_of(company))
        totals = tally.totals(company)
        truth.write(encode(totals))
    tables = {Path(name).stem for name in files}
    types = [kind for kind in BY_NAME if Path(table_name(kind)).stem in tables]
    (folder / "mapping.yaml").write_text(mapping_text(written, types, what(request)), encoding="utf-8")
    (folder / "README.md").write_text(_readme(request, written, files, totals), encoding="utf-8")
    return Written(files, totals)


def what(request: Request) -> str:
    """Return one phrase that says what was simulated."""
    return f"{request.accounts:,} made-up accounts over {request.days} days, seed {request.seed}"


def _readme(request: Request, written: str, files: list[str], totals: Totals) -> str:
    labels = ", ".join(f"{count:,} {label}" for label, count in totals.labels.items())
    return f"""# Simulated: {what(request)}

Made by `upswing simulate files --seed {request.seed} --accounts {request.accounts} --days {request.days}
--end {date_text(request.end_day)} --format {written}`. No real company is in it. {labels}.

| file | what |
|---|---|
| {", ".join(f"`{name}`" for name in sorted(files))} | {totals.events:,} events in the order of their arrival |
| `{TRUTH}` | the truth: situations, outcomes, disturbances; {totals.bad:,} events are wrong on purpose |
| `mapping.yaml` | what they mean, for `upswing import` |
| `playbook.yaml` | the playbook whose plans, limits and features the accounts live by |

Import them into a stack of its own, let it run, then compare:

    upswing import run . --mapping mapping.yaml --data stack
    upswing up --data stack
    upswing simulate score --truth {TRUTH} --data stack
"""
