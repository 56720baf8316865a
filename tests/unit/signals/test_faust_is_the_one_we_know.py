"""The worker overrides and calls private parts of Faust and aiokafka; an upgrade must be read, not hoped for.

When one of these fails after an upgrade: read the new source against `services/signals/consumer.py`, `fetching.py`,
`frames.py`, `store.py` and `app.py`, run `tests/chaos/signals` with `UPSWING_CHAOS_ROUNDS=10`, then write the new
digests here.
"""

import hashlib
import inspect
from importlib.metadata import version
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection, AIOKafkaProtocol
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.message_accumulator import BatchBuilder, MessageAccumulator
from faust.app.base import App
from faust.stores.rocksdb import RocksDBOptions, Store
from faust.tables.base import Collection
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.transport.drivers.aiokafka import Consumer as DriverConsumer
from mode.services import Service

KNOWN: dict[Any, str] = {
    Consumer._drain_messages: "d29d37519f2d",
    Consumer.perform_seek: "5358eac6c212",
    Consumer.getmany: "f9b455bd1175",
    Consumer._wait_next_records: "920120740535",
    Consumer.on_partitions_revoked: "c8ac3e4a2d70",
    Consumer.resume_flow: "a987c626ffe3",
    Consumer._get_active_partitions: "a6bf88c14e35",
    ThreadDelegateConsumer.highwaters: "99277852b93c",
    ThreadDelegateConsumer.seek_wait: "53fd82bf846a",
    DriverConsumer._new_consumer_thread: "cd26d06ef170",
    DriverConsumer.verify_event_path: "cac9905ae91e",
    AIOKafkaConsumerThread.on_start: "5152fc5a1124",
    AIOKafkaConsumerThread._create_worker_consumer: "df784c24f01e",
    AIOKafkaConsumerThread._fetch_records: "390594ddd941",
    AIOKafkaConsumerThread._seek_wait: "2f16c19b557c",
    AIOKafkaConsumerThread._ensure_consumer: "3cc70827ef29",
    Store.apply_changelog_batch: "ec7d6bb0b215",
    Store.persisted_offset: "de9aafff03f7",
    Store._db_for_partition: "f3569cb7c1a1",
    Store._open_for_partition: "46a8100d3111",
    Store._try_open_db_for_partition: "6c8a2f0ede69",
    Store.revoke_partitions: "2e72b794873b",
    Store.on_rebalance: "fca790d36d57",
    Store.stop: "9ada09c29c59",
    Store.partition_path: "a61fc2765f9c",
    RocksDBOptions.as_options: "75bfe7243226",
    RocksDBOptions.open: "75dabe6e1f2c",
    Collection._new_store_by_url: "3046def4ef96",
    TableManager.on_start: "9e2be42081c1",
    TableManager.on_rebalance: "0d7dc98e7781",
    Recovery._restart_recovery: "2bc1989fda0e",
    Recovery.on_rebalance: "daa42029a0bd",
    Recovery.on_recovery_completed: "b60527bae562",
    Recovery._seek_offsets: "a3f66861b34f",
    Recovery._build_highwaters: "c6a9dd97a47d",
    Recovery._build_offsets: "d2325b2ac225",
    Recovery.need_recovery: "ff90bf8cd0b9",
    Recovery._slurp_changelogs: "6f289a0225f8",
    App._on_partitions_revoked: "2e4a20a3b4e8",
    App._on_partitions_assigned: "2dbbc0a122e5",
    App._stop_consumer: "00427bfdb600",
    App.on_stop: "cca5460ebd6f",
    Service.crash: "6e730d6d0208",
    AIOKafkaConsumer.commit: "7b65c82a70b3",
    Fetcher.fetched_records: "f1d6baf0aafb",
    Fetcher._proc_fetch_request: "b4960a8221f7",
    Fetcher._fetch_requests_routine: "23d9a1f94118",
    FetchResult.getall: "ef8aa0dfa572",
    PartitionRecords.__init__: "8f05447bfe26",
    PartitionRecords._unpack_records: "5f8fc80fec92",
    PartitionRecords._contains_abort_marker: "31324db5d079",
    AIOKafkaClient._get_conn: "e39866909339",
    AIOKafkaClient.bootstrap: "7010a882bdc1",
    AIOKafkaClient.ready: "731c3b5cbaa1",
    AIOKafkaClient.send: "7422be88cac4",
    AIOKafkaConnection.connect: "dc5b6b5b78d3",
    AIOKafkaConnection.connected: "8a5dc3d4107f",
    AIOKafkaConnection.close: "7e917d14865b",
    AIOKafkaConnection.send: "6a70f2de4497",
    AIOKafkaConnection._create_reader_task: "ce96114dd9a1",
    AIOKafkaConnection._on_read_task_error: "fcb17e72376d",
    AIOKafkaConnection._read: "26a5cb44ca67",
    AIOKafkaConnection._handle_frame: "694c8e98ed65",
    AIOKafkaProtocol: "38acd8bb2fbb",
    AIOKafkaConsumer.start: "fd65a75cd05c",
    GroupCoordinator.commit_offsets: "866d026713b9",
    GroupCoordinator._on_join_prepare: "4217a797aee9",
    MessageAccumulator.add_batch: "d0cee0011c62",
    MessageAccumulator._pop_batch: "63f9c21426e9",
    BatchBuilder._set_producer_state: "d66892220165",
}


def digest(function: Any) -> str:
    """Return the beginning of the SHA-256 of a function's source; a task of mode's is unwrapped."""
    source = inspect.getsource(inspect.unwrap(getattr(function, "fun", function)))
    return hashlib.sha256(inspect.cleandoc(source).encode()).hexdigest()[:12]


def test_versions_are_pinned() -> None:
    """Other versions were never read."""
    assert version("faust-streaming") == "0.15.3"
    assert version("aiokafka") == "0.14.0"
    assert version("mode-streaming") == "0.7.1"


@pytest.mark.parametrize("function", KNOWN, ids=lambda function: getattr(function, "fun", function).__qualname__)
def test_what_we_replace_or_rely_on_is_what_we_read(function: Any) -> None:
    """The source is the one that the worker was written against."""
    assert digest(function) == KNOWN[function]
