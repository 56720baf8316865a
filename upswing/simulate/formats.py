"""How a stream of events is written: native lines, Segment calls, or one CSV or Parquet file a type."""

import csv
from pathlib import Path
from typing import IO, Any, Protocol

import duckdb
import msgspec

from shared.kernel.clock import DAY_MS
from shared.kernel.errors import DependencyError
from upswing.simulate.rhythm import date_text

__all__ = ["FORMATS", "Writer", "instant_text"]

COLUMNS: dict[str, tuple[str, ...]] = {
    "usage.recorded": ("metric", "quantity", "cost"),
    "usage.reported": ("metric", "level"),
    "limit.reached": ("metric",),
    "feature.used": ("feature",),
    "feature.blocked": ("feature",),
    "session.started": (),
    "user.provisioned": ("department", "role", "email"),
    "user.deactivated": (),
    "user.erased": (),
    "account.updated": (
        *("name", "status", "segment", "plan", "seats", "mrr", "currency", "country", "industry", "employees"),
        *("onboarded_at", "renews_on", "billing_anchor", "products", "csm", "champion", "exec_sponsor", "budget_month"),
    ),
    "ticket.opened": ("ticket_id", "severity", "topic", "mentions_competitor"),
    "ticket.resolved": ("ticket_id",),
    "survey.answered": ("survey", "score"),
    "qbr.held": ("unmet_needs", "attendees"),
    "outcome.achieved": ("outcome", "primary"),
    "milestone.reached": ("milestone",),
    "champion.changed": ("change", "person"),
    "stakeholder.added": ("role",),
    "engagement.recorded": ("kind",),
    "capability.requested": ("product", "by_executive"),
    "pricing.viewed": ("plan",),
    "company.news": ("news",),
    "competitor.mentioned": ("where",),
    "subscription.set": (
        *("subscription_id", "mrr", "currency", "plan", "status", "started_on", "ended_on", "reason", "churn_category"),
    ),
    "renewal.completed": ("term_months",),
    "effort.logged": ("hours", "cost", "play"),
}
CASTS = {
    "number": {"quantity", "cost", "level", "mrr", "score", "hours"},
    "integer": {"seats", "employees", "billing_anchor", "budget_month", "attendees", "term_months"},
    "boolean": {"mentions_competitor", "primary", "by_executive"},
    "list": {"products", "unmet_needs"},
}
AS_TIMES = "* REPLACE (arrived_at::TIMESTAMP AS arrived_at, occurred_at::TIMESTAMP AS occurred_at)"
CAST_OF = {name: cast for cast, names in CASTS.items() for name in names}


class Writer(Protocol):
    """What writes events to a folder."""

    def write(self, arrivals: list[tuple[int, dict[str, Any]]]) -> None:
        """Write events in the order of their arrival. Units: arrivals in milliseconds."""

    def close(self) -> list[str]:
        """Finish; return the names of the files."""


def instant_text(at_ms: int) -> str:
    """Return an instant as RFC 3339 text with milliseconds, in UTC."""
    day, ms = divmod(at_ms, DAY_MS)
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{date_text(day)}T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{ms:03}Z"


class _Lines:
    """One file of JSON lines."""

    name = "events.ndjson"

    def __init__(self, folder: Path) -> None:
        self._file = (folder / self.name).open("wb")
        self._encoder = msgspec.json.Encoder()

    def write(self, arrivals: list[tuple[int, dict[str, Any]]]) -> None:
        """Write events."""
        self._file.write(self._encoder.encode_lines([self.line(event) for _, event in arrivals]))

    def line(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the object that stands for an event."""
        return event | {"occurred_at": instant_text(event["occurred_at"])}

    def close(self) -> list[str]:
        """Finish."""
        self._file.close()
        return [self.name]


class _Segment(_Lines):
    """The calls that the Segment SDK would have made."""

    name = "segment.ndjson"

    def line(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the call of an event."""
        return segment_call(event)


def segment_call(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event of ours as a call of Segment's tracking API."""
    kind, account, user = event["type"], event.get("account_id"), event.get("user_id")
    call: dict[str, Any] = {
        "messageId": event["id"],
        "timestamp": instant_text(event["occurred_at"]),
        "context": {} if account is None else {"groupId": account},
    }
    call |= {"anonymousId": "server"} if user is None else {"userId": user}
    if kind == "account.updated":
        return {"type": "group", "groupId": account} | call | {"traits": event["properties"]}
    if kind == "user.provisioned":
        return {"type": "identify"} | call | {"traits": event["properties"]}
    return {"type": "track", "event": kind} | call | {"properties": event["properties"]}


class _Tables:
    """One CSV file a type; of an unknown type there is a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[str]] = {}
        self._rows: dict[str, Any] = {}

    def write(self, arrivals: list[tuple[int, dict[str, Any]]]) -> None:
        """Write events."""
        for at_ms, event in arrivals:
            kind = event["type"]
            rows = self._rows.get(kind) or self._open(kind)
            given = event["properties"]
            rows.writerow(
                [
                    event["id"],
                    instant_text(at_ms),
                    instant_text(event["occurred_at"]),
                    event.get("account_id", ""),
                    event.get("user_id", ""),
                    *(_cell(given.get(name, "")) for name in COLUMNS.get(kind, ("properties",))),
                ]
            )

    def _open(self, kind: str) -> Any:
        file = self._files[kind] = (self._folder / table_name(kind)).open("w", encoding="utf-8", newline="")
        rows = self._rows[kind] = csv.writer(file, lineterminator="\n")
        rows.writerow(["id", "arrived_at", "occurred_at", "account_id", "user_id", *COLUMNS.get(kind, ("properties",))])
        return rows

    def close(self) -> list[str]:
        """Finish."""
        for file in self._files.values():
            file.close()
        return [table_name(kind) for kind in self._files]


class _Parquet(_Tables):
    """The same tables as Parquet; times are timestamps in UTC, all else is text as the source wrote it."""

    def close(self) -> list[str]:
        """Turn the CSV files into Parquet."""
        names = super().close()
        try:
            with duckdb.connect() as connection:
                for name in names:
                    source = self._folder / name
                    rows = connection.read_csv(str(source), all_varchar=True, header=True)
                    rows.project(AS_TIMES).write_parquet(str(source.with_suffix(".parquet")))
                    source.unlink()
        except duckdb.Error as error:
            raise DependencyError(f"Parquet files could not be written: {error}") from error
        return [Path(name).with_suffix(".parquet").name for name in names]


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "; ".join(value)
    return value


def table_name(kind: str) -> str:
    """Return the name of a type's CSV file."""
    return kind.replace(".", "_") + ".csv"


FORMATS: dict[str, type[_Lines] | type[_Tables]] = {
    "native": _Lines,
    "segment": _Segment,
    "csv": _Tables,
    "parquet": _Parquet,
}
