"""The local store on a real RocksDB: higher stamps win, tombstones travel, what is broken is built again."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import msgspec
import pytest
from faust.types import TP

from services.signals.marks import MARK_PREFIX, MOST_GONE
from services.signals.owned import Pages
from services.signals.store import PageOptions, PageStore, PageTable, tombstone_headers
from shared.kernel.errors import InvariantError

P = 3
AT = (0, 100)


def page(offset: int, what: str = "", generation: int = 0) -> bytes:
    """Return a page with a stamp."""
    return msgspec.msgpack.encode([1, (generation, offset), what])


def record(offset: int, key: bytes | None, value: bytes | None, headers: Any = ()) -> SimpleNamespace:
    """Return a record of the changelog."""
    return SimpleNamespace(offset=offset, key=key, value=value, headers=headers)


def gone(offset: int, key: bytes, stamp: int) -> SimpleNamespace:
    """Return a tombstone of the changelog."""
    return record(offset, key, None, tombstone_headers((0, stamp)))


def make_store(folder: Path) -> PageStore:
    """Return a store of its own app."""
    app = faust.App("t", datadir=folder, broker="kafka://nowhere", web_enabled=False, autodiscover=False)
    app._create_directories()
    options = PageOptions(cache_bytes=1 << 20, memtable_bytes=4 << 20, open_files=64, partitions=4)
    table = PageTable(app, name="pages", key_type=bytes, value_type=bytes, page_options=options)
    store: PageStore = table.data
    return store


def shut(store: PageStore) -> None:
    """Close its databases, as the end of a process does."""
    for partition in list(store._dbs):
        store._dbs.pop(partition).close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PageStore]:
    """A store in a fresh folder."""
    made = make_store(tmp_path)
    yield made
    shut(made)


def test_pages_and_offset_are_written_together_and_found_again(store: PageStore, tmp_path: Path) -> None:
    """What was written is there after a restart, with the changelog offset that holds it."""
    store.write(P, [(b"a", page(1)), (b"b", page(1)), (b"c", None)], 17, AT)
    shut(store)
    again = make_store(tmp_path)
    assert again.page(P, b"a") == page(1)
    assert again.page(P, b"c") is None
    assert again.persisted_offset(TP("pages", P)) == 17
    shut(again)


def test_scan_gives_keys_with_the_prefix_in_order(store: PageStore) -> None:
    """Neighbours before and after the prefix, and the offset's own key, are left out."""
    store.write(P, [(b"h\0b", b"2"), (b"h\0a", b"1"), (b"g\0z", b"0"), (b"i", b"3"), (b"\xff", b"4")], 5, AT)
    assert list(store.scan(P, b"h\0")) == [(b"h\0a", b"1"), (b"h\0b", b"2")]


@pytest.mark.parametrize("together", [True, False])
def test_the_higher_stamp_wins_at_recovery(store: PageStore, together: bool) -> None:
    """A late write with a lower stamp changes nothing, in one batch or across two."""
    newer, late = record(7, b"a", page(50, "new")), record(8, b"a", page(40, "old"))
    for batch in [[newer, late]] if together else [[newer], [late]]:
        store.recover(P, batch)
    assert store.page(P, b"a") == page(50, "new")
    assert store.persisted_offset(TP("pages", P)) == 8


def test_a_later_generation_wins_over_any_offset(store: PageStore) -> None:
    """Pages of an adopted log are newer than all pages of the log before."""
    store.recover(P, [record(1, b"a", page(9_999, "old log"))])
    store.recover(P, [record(2, b"a", page(0, "new log", generation=1))])
    assert store.page(P, b"a") == page(0, "new log", generation=1)


def test_among_equal_stamps_the_later_record_wins(store: PageStore) -> None:
    """An account that was written twice at one offset is as it was written last."""
    store.recover(P, [record(1, b"a", page(5, "first")), record(2, b"a", page(5, "second"))])
    assert store.page(P, b"a") == page(5, "second")


def test_a_shadowed_page_is_stale_until_it_is_written(store: PageStore, tmp_path: Path) -> None:
    """The owner learns which keys the changelog would lose by compaction; a restart before the repair forgets none."""
    store.recover(P, [record(1, b"a", page(50)), record(2, b"b", page(50))])
    store.recover(P, [record(3, b"a", page(40))])
    assert store.stale_pages(P) == [(b"a", page(50))]
    shut(store)
    again = make_store(tmp_path)
    assert again.stale_pages(P) == [(b"a", page(50))]
    again.write(P, [(b"a", page(50))], 4, AT)
    assert again.stale_pages(P) == []
    shut(again)
    once_more = make_store(tmp_path)
    assert once_more.stale_pages(P) == []
    shut(once_more)


def test_a_page_written_again_is_not_stale_any_more(store: PageStore) -> None:
    """A shadowed page that is followed by a newer one needs no repair."""
    store.recover(P, [record(1, b"a", page(50)), record(2, b"a", page(40)), record(3, b"a", page(60))])
    assert store.stale_pages(P) == []
    store.recover(P, [record(4, b"a", page(40))])
    store.recover(P, [record(5, b"a", page(70))])
    assert store.stale_pages(P) == []
    assert store.page(P, b"a") == page(70)


@pytest.mark.parametrize("live", [True, False])
def test_a_tombstone_removes_and_a_late_page_does_not_bring_back(store: PageStore, tmp_path: Path, live: bool) -> None:
    """Deletions have a stamp: a paused worker's older page stays away, after a restart too, and is written over."""
    store.recover(P, [record(1, b"a", page(50))])
    if live:
        store.write(P, [(b"a", None)], 2, (0, 60))
    else:
        store.recover(P, [gone(2, b"a", 60)])
    assert store.page(P, b"a") is None
    shut(store)
    again = make_store(tmp_path)
    again.recover(P, [record(3, b"a", page(55))])
    assert again.page(P, b"a") is None
    assert again.stale_pages(P) == [(b"a", None)]
    again.recover(P, [record(4, b"a", page(65, "made anew"))])
    assert again.page(P, b"a") == page(65, "made anew")
    again.recover(P, [record(5, b"a", page(64))])
    assert again.page(P, b"a") == page(65, "made anew")
    shut(again)


def test_only_the_newest_deletions_are_remembered(store: PageStore) -> None:
    """Their number is bounded; a deletion of long ago is forgotten."""
    count = 2 * MOST_GONE + 1
    for number in range(count):
        store.write(P, [(b"k%d" % number, None)], number, (0, number))
    assert len(list(store.scan(P, MARK_PREFIX))) == MOST_GONE + 1  # and the offset
    store.recover(P, [record(count, b"k0", page(0)), record(count + 1, b"k%d" % (count - 1), page(0))])
    assert store.page(P, b"k0") == page(0)
    assert store.page(P, b"k%d" % (count - 1)) is None


def test_a_late_tombstone_does_not_remove_a_newer_page(store: PageStore) -> None:
    """The page with the higher stamp stays."""
    store.recover(P, [record(1, b"a", page(50)), gone(2, b"a", 40)])
    assert store.page(P, b"a") == page(50)


def test_rubbish_on_the_changelog_changes_nothing(store: PageStore) -> None:
    """Records that are no pages are passed over; the offset goes on."""
    rubbish = [record(2, None, page(1)), record(3, b"b", b"\xc1"), record(4, b"c", b"{}")]
    store.recover(P, [record(1, b"a", page(1)), *rubbish])
    assert [store.page(P, key) for key in (b"a", b"b", b"c")] == [page(1), None, None]
    assert store.persisted_offset(TP("pages", P)) == 4


def test_an_unreadable_database_is_removed_and_begun_again(store: PageStore, tmp_path: Path) -> None:
    """Without its offset the changelog is read from the beginning."""
    store.write(P, [(b"a", page(1))], 17, AT)
    path = store.partition_path(P)
    shut(store)
    (path / "CURRENT").write_bytes(b"rubbish")
    again = make_store(tmp_path)
    assert again.persisted_offset(TP("pages", P)) is None
    assert again.page(P, b"a") is None
    shut(again)


def test_a_database_that_fails_is_removed_at_the_next_start(store: PageStore, tmp_path: Path) -> None:
    """A failing read is a broken invariant now, and a fresh store after the restart that follows."""
    store.write(P, [(b"a", page(1))], 17, AT)
    store._dbs[P].close()
    with pytest.raises(InvariantError, match="will be rebuilt"):
        store.page(P, b"a")
    store._dbs.clear()
    again = make_store(tmp_path)
    assert again.persisted_offset(TP("pages", P)) is None
    again.write(P, [(b"a", page(1))], 18, AT)
    shut(again)
    once_more = make_store(tmp_path)
    assert once_more.persisted_offset(TP("pages", P)) == 18
    shut(once_more)


def test_two_stores_cannot_open_one_database(store: PageStore, tmp_path: Path) -> None:
    """A store that another process has open is not broken: it is left alone."""
    store.write(P, [(b"a", page(1))], 17, AT)
    with pytest.raises(Exception, match=r"(?i)lock"):
        make_store(tmp_path).page(P, b"a")
    assert store.page(P, b"a") == page(1)


def test_revoked_partitions_are_closed_at_once(store: PageStore, tmp_path: Path) -> None:
    """Their lock is free for whoever comes next."""
    store.write(P, [(b"a", page(1))], 17, AT)
    store.revoke_partitions(store.table, {TP("t-pages-changelog", P)})
    other = make_store(tmp_path)
    assert other.page(P, b"a") == page(1)
    shut(other)


def test_pages_on_their_way_are_seen_before_they_are_stored(store: PageStore) -> None:
    """An engine that loads an account in mid-flush sees what it has just given away, deletions too."""
    store.write(P, [(b"h\0a", page(1, "stored")), (b"h\0b", page(1, "stored"))], 1, AT)
    pages = Pages(store, P)
    pages.expect([(b"h\0a", page(2, "ahead")), (b"h\0b", None), (b"h\0c", page(2, "ahead"))])
    assert pages.get(b"h\0a") == page(2, "ahead")
    assert pages.get(b"h\0b") is None
    assert list(pages.scan(b"h\0")) == [(b"h\0a", page(2, "ahead")), (b"h\0c", page(2, "ahead"))]
    pages.write([(b"h\0a", page(2, "ahead")), (b"h\0b", None), (b"h\0c", page(2, "ahead"))], 2, AT)
    assert list(pages.scan(b"h\0")) == [(b"h\0a", page(2, "ahead")), (b"h\0c", page(2, "ahead"))]
    assert store.persisted_offset(TP("pages", P)) == 2
