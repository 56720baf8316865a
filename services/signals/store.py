"""The worker's own copy of its pages: Faust's RocksDB store, with the rules of design, durability 2.

Pages and the changelog offset that they correspond to are written in one batch. At recovery the page with the higher
stamp wins, so a late write of a paused worker cannot undo newer state; a key that such a write has shadowed is *stale*
in the changelog and is written again by the owner, before compaction can drop the newer page. The changelog is the
truth: a local store that cannot be read is removed and built again.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import faust
import msgspec
import rocksdict
from faust.stores import rocksdb
from faust.types import TP, CollectionT

from services.signals.core.pages import NO_STAMP, Stamp, stamp_of
from services.signals.marks import MARK_PREFIX, Marks
from shared.io.logs import get_logger
from shared.kernel.errors import InvariantError

__all__ = ["STAMP_HEADER", "Page", "PageOptions", "PageStore", "PageTable", "tombstone_headers"]

Page = tuple[bytes, bytes | None]
STAMP_HEADER = "stamp"
WRITE_BUFFERS = 2
SMALLEST_MEMTABLE = 1 << 20
LOG_FILES = 2
FOREVER: Stamp = (1 << 62, 1 << 62)

log = get_logger(__name__)
_STAMPS = msgspec.msgpack.Decoder(Stamp)


def tombstone_headers(stamp: Stamp) -> list[tuple[str, bytes]]:
    """Return the headers that give a tombstone its stamp, since it has no value to carry one."""
    return [(STAMP_HEADER, msgspec.msgpack.encode(stamp))]


class PageOptions(rocksdb.RocksDBOptions):
    """RocksDB with bounds: one block cache for all partitions, and memtables that share their budget."""

    def __init__(self, cache_bytes: int, memtable_bytes: int, open_files: int, partitions: int) -> None:
        each = max(SMALLEST_MEMTABLE, memtable_bytes // (partitions * WRITE_BUFFERS))
        super().__init__(
            max_open_files=max(64, open_files // partitions),
            write_buffer_size=each,
            max_write_buffer_number=WRITE_BUFFERS,
            target_file_size_base=each,
            use_rocksdict=True,
        )
        self.cache = rocksdict.Cache(cache_bytes)

    def as_options(self) -> Any:
        """Return the options to open one partition with."""
        options = super().as_options()
        table = rocksdict.BlockBasedOptions()
        table.set_block_cache(self.cache)
        table.set_bloom_filter(10, block_based=False)
        options.set_block_based_table_factory(table)
        options.set_keep_log_file_num(LOG_FILES)
        options.set_max_total_wal_size(self.write_buffer_size * WRITE_BUFFERS)
        return options


class PageStore(rocksdb.Store):
    """One database a partition. Nothing is ever assigned through Faust's table: see `write` and `recover`."""

    def __init__(self, *args: Any, page_options: PageOptions, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rocksdb_options = page_options
        self._marks: dict[int, Marks] = {}

    def page(self, partition: int, key: bytes) -> bytes | None:
        """Return a page. Errors: `InvariantError` when the database is broken; it is then removed at the next start."""
        try:
            value: bytes | None = self._db_for_partition(partition).get(key)
        except Exception as error:
            raise self._broken(partition, error) from error
        return value

    def scan(self, partition: int, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Give the pages whose keys begin with `prefix`, in the order of their keys. Errors: as `page`."""
        try:
            for key, value in self._db_for_partition(partition).items(from_key=prefix):
                if not key.startswith(prefix):
                    return
                yield key, value
        except Exception as error:
            raise self._broken(partition, error) from error

    def write(self, partition: int, pages: Iterable[Page], offset: int, stamp: Stamp) -> None:
        """Write pages and the changelog offset that holds them, all or nothing. Errors: as `page`.

        Shape: `stamp` is that of the deletions among them.
        """
        self._write(partition, ((key, value, stamp) for key, value in pages), (), offset)

    def recover(self, partition: int, records: Iterable[Any]) -> None:
        """Take records of the changelog in: for each key the higher stamp wins, the later record among equals."""
        newest: dict[bytes, tuple[bytes, bytes | None, Stamp]] = {}
        shadowed: set[bytes] = set()
        offset = -1
        for record in records:
            offset = record.offset
            stamp = _stamp(record)
            if stamp is None:
                log.error("the changelog holds a record that is no page", partition=partition, offset=offset)
                continue
            key = record.key
            known = newest[key][2] if key in newest else self._stored_stamp(partition, key)
            if stamp < known:
                shadowed.add(key)
            else:
                newest[key] = key, record.value, stamp
                shadowed.discard(key)
        if offset >= 0:
            self._write(partition, newest.values(), shadowed, offset)

    def stale_pages(self, partition: int) -> list[Page]:
        """Return what the changelog should say about keys that a late write has shadowed; writing them settles it."""
        return [(key, self.page(partition, key)) for key in sorted(self._marks_of(partition).stale)]

    def revoke_partitions(self, table: CollectionT, tps: set[TP]) -> None:
        """Close the databases of partitions that went elsewhere, so that their lock is free at once."""
        for tp in tps:
            if tp.topic in table.changelog_topic.topics:
                self._marks.pop(tp.partition, None)
                database = self._dbs.pop(tp.partition, None)
                if database is not None:
                    database.close()

    async def stop(self) -> None:
        """Close all databases."""
        self._marks.clear()
        for partition in list(self._dbs):
            self._dbs.pop(partition).close()
        await super().stop()

    def condemn(self, partition: int) -> None:
        """Mark a partition's database to be removed when it is opened next."""
        self._mark(partition).touch()

    def _write(
        self, partition: int, pages: Iterable[tuple[bytes, bytes | None, Stamp]], shadowed: Iterable[bytes], offset: int
    ) -> None:
        marks = self._marks_of(partition)
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value, stamp in pages:
            if value is None:
                batch.delete(key)
                marks.note_gone(batch, key, stamp)
            else:
                batch.put(key, value)
                marks.note_page(batch, key)
        for key in shadowed:
            marks.note_stale(batch, key)
        marks.prune(batch)
        batch.put(self.offset_key, b"%d" % offset)
        try:
            self._db_for_partition(partition).write(batch)
        except Exception as error:
            raise self._broken(partition, error) from error

    def _marks_of(self, partition: int) -> Marks:
        marks = self._marks.get(partition)
        if marks is None:
            marks = self._marks[partition] = Marks(self.scan(partition, MARK_PREFIX))
        return marks

    def _stored_stamp(self, partition: int, key: bytes) -> Stamp:
        gone = self._marks_of(partition).gone.get(key)
        if gone is not None:
            return gone
        value = self.page(partition, key)
        return NO_STAMP if value is None else stamp_of(value)

    def _open_for_partition(self, partition: int) -> Any:
        mark = self._mark(partition)
        if mark.exists():
            log.warning("removing a broken local store", partition=partition)
            self._remove(partition)
            mark.unlink()
        try:
            return super()._open_for_partition(partition)
        except Exception as error:
            if "lock" in str(error).lower():
                raise
            log.warning("removing an unreadable local store", partition=partition, why=str(error))
            self._remove(partition)
            return super()._open_for_partition(partition)

    def _remove(self, partition: int) -> None:
        path = self.partition_path(partition)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _mark(self, partition: int) -> Path:
        path: Path = self.partition_path(partition)
        return path.with_suffix(".condemned")

    def _broken(self, partition: int, error: Exception) -> InvariantError:
        self.condemn(partition)
        return InvariantError(f"the local store of partition {partition} failed and will be rebuilt: {error}")


class PageTable(faust.Table[bytes, bytes]):
    """A Faust table only in name: it gives the store its place in recovery and rebalancing."""

    def __init__(self, *args: Any, page_options: PageOptions, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.page_options = page_options

    def _new_store(self) -> PageStore:
        return PageStore(
            "rocksdb://",
            self.app,
            self,
            table_name=self.name,
            key_type=self.key_type,
            value_type=self.value_type,
            key_serializer=self.key_serializer,
            value_serializer=self.value_serializer,
            loop=self.loop,
            driver="rocksdict",
            page_options=self.page_options,
        )


def _stamp(record: Any) -> Stamp | None:
    """Return the stamp of a record of the changelog; None when it is no page of ours."""
    if record.key is None:
        return None
    try:
        if record.value is not None:
            return stamp_of(record.value)
        headers = dict(record.headers)
        return _STAMPS.decode(headers[STAMP_HEADER]) if STAMP_HEADER in headers else FOREVER
    except msgspec.MsgspecError:
        return None
