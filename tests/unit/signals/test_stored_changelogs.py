"""Changelogs of earlier releases are read by this one, which goes on from them as if it had folded the whole log.

Files are never written anew: a release that changes pages adds one (docs/operations.md, *Upgrades*).
"""

from pathlib import Path

import faust
import pytest

from services.signals.core.engine import Engine
from services.signals.owned import Pages
from services.signals.store import PageOptions, PageStore, PageTable
from shared.kernel.playbook import Playbook, playbook_from_json
from shared.kernel.snapshots import decode_snapshot
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import decode_trigger
from tests.oracle.adapters import EngineSubject, OracleSubject
from tests.oracle.agreement import assert_same_told
from tests.oracle.subject import Told
from tests.support.signals.stored import EPOCH, FOLDER, NOW_MS, Stored, read
from tests.support.signals.verdict import Memory

FILES = sorted(FOLDER.glob("*.gz"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def stored(request: pytest.FixtureRequest) -> Stored:
    """Each changelog in turn."""
    return read(request.param)


def recover(folder: Path, stored: Stored) -> PageStore:
    """Return a store that has read a changelog, as a cold recovery does."""
    app = faust.App("t", datadir=folder, broker="kafka://nowhere", web_enabled=False, autodiscover=False)
    app._create_directories()
    options = PageOptions(cache_bytes=1 << 20, memtable_bytes=4 << 20, open_files=64, partitions=4)
    store: PageStore = PageTable(app, name="pages", key_type=bytes, value_type=bytes, page_options=options).data
    store.recover(0, stored.records())
    return store


def go_on(engine: Engine, stored: Stored) -> list[Told]:
    """Fold the rest of the log and return what is said."""
    engine.take_outputs()
    for offset in range(stored.upto + 1, len(stored.log)):
        engine.fold(offset, stored.log[offset], NOW_MS)
    found = [output for output in engine.take_outputs() if output.topic is TRIGGERS]
    return [EngineSubject._told(decode_trigger(output.value or b"")) for output in found]


def shown(engine: Engine) -> dict[str, object]:
    """Return the snapshots of all accounts."""
    engine.state.unshown = dict.fromkeys(account.head.account_id for account in engine.state.shelf.each())
    found = [decode_snapshot(output.value or b"") for output in engine.take_snapshots(NOW_MS + (1 << 40))]
    return {snapshot.account_id: snapshot for snapshot in found}


def scratch(stored: Stored, playbook: Playbook) -> Engine:
    """Return an engine that has folded the log from its beginning."""
    engine = Engine(0, 1, EPOCH, False, playbook, Memory())
    for offset in range(stored.upto + 1):
        engine.fold(offset, stored.log[offset], NOW_MS)
    return engine


def test_a_stored_changelog_goes_on_as_from_scratch(stored: Stored, tmp_path: Path) -> None:
    """What is said of the days that follow, and what is known in the end, is the same; so says the oracle, too."""
    playbook = playbook_from_json(stored.playbook)
    store = recover(tmp_path, stored)
    engine = Engine(0, 1, EPOCH, False, playbook, Pages(store, 0))
    assert engine.offset == stored.upto
    right = scratch(stored, playbook)
    told, expected = go_on(engine, stored), go_on(right, stored)
    assert_same_told(expected, told, "from scratch and from the changelog")
    assert len(told) > 3, "too little is said to prove anything"
    assert shown(engine) == shown(right)
    store._dbs.pop(0).close()


@pytest.mark.long
def test_a_stored_changelog_goes_on_as_the_oracle_does(stored: Stored, tmp_path: Path) -> None:
    """The brute-force oracle reads the whole log and says the same of the days that follow."""
    playbook = playbook_from_json(stored.playbook)
    store = recover(tmp_path, stored)
    told = go_on(Engine(0, 1, EPOCH, False, playbook, Pages(store, 0)), stored)
    oracle = OracleSubject([playbook])
    expected = [
        one
        for offset, value in enumerate(stored.log)
        for one in oracle.fold(b"" if b'"crowd"' in value else value)
        if offset > stored.upto
    ]
    assert_same_told(expected, [one for one in told if one.account != "crowd"], "the oracle and the changelog")
    store._dbs.pop(0).close()


def test_every_kind_of_page_is_in_a_stored_changelog() -> None:
    """Head, days, users, users with keys of their own, recent ids, the partition's page, one in JSON, deletions."""
    stored = read(FILES[-1])
    kinds = {key.split(b"\0")[0] for key, _page, _stamp in stored.pages}
    assert kinds >= {b"h", b"d", b"u", b"r", b"m"}
    assert any(key.count(b"\0") == 3 for key, _page, _stamp in stored.pages if key.startswith(b"u"))
    assert any(page is None for _key, page, _stamp in stored.pages)
    assert any(page is not None and page.startswith(b"[") for _key, page, _stamp in stored.pages)
