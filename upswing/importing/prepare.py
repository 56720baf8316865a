"""From files to staged, verified events and the report about them: everything that comes before anything is sent."""

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import msgspec

from services.signals.core.rules import BY_NAME
from shared.io.playbooks import read_playbook
from shared.kernel.errors import ConfigurationError
from shared.kernel.identities import Identity
from shared.kernel.playbook import Playbook
from upswing.importing.find import Found, find_mapping
from upswing.importing.profile import good_events
from upswing.importing.quality import Quality, judge
from upswing.importing.select import Wanted
from upswing.importing.sources import list_files
from upswing.importing.staging import Limits, drop_repeats, open_database, open_files, place_accounts, stage
from upswing.importing.tell import Counted
from upswing.importing.understand import understand
from upswing.importing.verify import verify

DEFAULT_PLAYBOOK = Path(__file__).parents[2] / "playbooks" / "default.yaml"
STAGED = "staged.duckdb"
Say = Callable[[str], None]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. Units: `now_ms`, `since_ms` are instants.

    Shape: `own_playbook` is that of the data folder, which counts when neither `playbook` nor the mapping names one.
    """

    given: Sequence[Path]
    now_ms: int
    mapping: Path | None = None
    preset: str | None = None
    playbook: Path | None = None
    own_playbook: Path = DEFAULT_PLAYBOOK
    source: str | None = None
    since_ms: int | None = None
    limits: Limits = Limits()


class Chosen(msgspec.Struct, frozen=True):
    """What an import works with: files, mapping, playbook, and the source that its events name."""

    files: list[Path]
    found: Found
    playbook: Playbook
    playbook_path: Path
    source: str


class Prepared(msgspec.Struct):
    """Events ready to be sent, and the report about them."""

    chosen: Chosen
    connection: duckdb.DuckDBPyConnection
    identities: list[Identity]
    quality: Quality

    def close(self) -> None:
        """Let go of the staging file."""
        self.connection.close()


def choose(asked: Asked) -> Chosen:
    """Return what an import works with. Errors: `ConfigurationError` when no mapping fits or the playbook is wrong."""
    for path in asked.given:
        if not path.exists():
            raise ConfigurationError(f"there is no file or folder {path}")
    found = find_mapping(asked.given, asked.mapping, asked.preset)
    path = asked.playbook or found.playbook or asked.own_playbook
    source = asked.source or found.mapping.source or found.mapping.name
    return Chosen(list_files(asked.given), found, read_playbook(path), path, source)


def prepare(asked: Asked, chosen: Chosen, work: Path, say: Say) -> Prepared:
    """Read, sort and check everything. Errors: `ConfigurationError` naming the file and what is wrong with it."""
    work.mkdir(parents=True, exist_ok=True)
    connection = open_database(work / STAGED, asked.limits, fresh=True)
    try:
        return _prepare(asked, chosen, connection, work, say)
    except BaseException:
        connection.close()
        raise
    finally:
        for path in work.glob("clean-*.csv"):
            path.unlink()


def _prepare(asked: Asked, chosen: Chosen, connection: duckdb.DuckDBPyConnection, work: Path, say: Say) -> Prepared:
    mapping, wanted = chosen.found.mapping, Wanted(chosen.source, asked.now_ms)
    opened = open_files(connection, mapping, chosen.files, work, say)
    rows = sum(part.rows for part in opened.all)
    say(f"reading {rows:,} rows of {len(opened.all):,} files")
    understood = understand(
        connection, mapping, opened, wanted, chosen.playbook, work, Counted(say, "calls understood").told
    )
    say("sorting by time")
    stage(connection, mapping, opened, wanted, asked.since_ms)
    drop_repeats(connection)
    say("checking every event")
    verify(connection, Counted(say, "events checked").told)
    place_accounts(connection)
    good_events(connection)
    connection.execute("CHECKPOINT")
    say("looking at what the events hold")
    quality = judge(connection, mapping, opened, understood, chosen.playbook, BY_NAME, asked.now_ms)
    quality = msgspec.structs.replace(quality, playbook=str(chosen.playbook_path))
    return Prepared(chosen, connection, understood.identities, quality)
