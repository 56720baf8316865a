"""Settings of the signals service, from the environment with the prefix `UPSWING_SIGNALS_`."""

import socket
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.signals.compiled import Mode


class Settings(BaseSettings):
    """One worker. Units: in the names; sizes are for the whole worker, whatever the number of partitions.

    Shape: `accounts_bytes` is about how much accounts in memory may take, the sizes after it are RocksDB's. `instance`
    is the worker's name in the group and below `datadir`: the same after a restart, another one for each worker.
    `adopt_log` is the id of the input topic that an operator has decided to go on with, although the stored state was
    made from another one.
    """

    model_config = SettingsConfigDict(env_prefix="UPSWING_SIGNALS_", frozen=True, extra="forbid")

    kafka: str = "127.0.0.1:9092"
    topic_prefix: str = ""
    instance: str = Field(default_factory=socket.gethostname, min_length=1, pattern=r"^[\w.-]+$")
    datadir: Path = Path("data/signals")
    host: str = "127.0.0.1"
    port: int = Field(default=8083, ge=1, le=65_535)
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    log_json: bool = True
    playbook: Path = Path("playbooks/default.yaml")
    compiled: Mode = "auto"

    adopt_log: str = ""
    accept_lost_records: bool = False
    ticker: bool = True

    session_seconds: float = Field(default=10.0, ge=3, le=60)
    heartbeat_seconds: float = Field(default=1.0, gt=0, le=20)
    fetch_wait_ms: int = Field(default=50, ge=1, le=1_000)
    fetch_partition_bytes: int = Field(default=8 << 20, ge=1 << 16, le=64 << 20)
    slice_ms: float = Field(default=20.0, ge=1, le=500)
    flush_seconds: float = Field(default=0.5, gt=0, le=1)

    delivery_seconds: float = Field(default=30.0, ge=1, le=600)
    commit_seconds: float = Field(default=10.0, ge=1, le=120)
    drain_seconds: float = Field(default=15.0, ge=1, le=120)
    playbook_seconds: float = Field(default=30.0, ge=1, le=600)
    recovery_seconds: float = Field(default=900.0, ge=10, le=86_400)
    progress_seconds: float = Field(default=60.0, ge=5, le=3_600)
    stall_seconds: float = Field(default=10.0, ge=1, le=600)

    accounts_bytes: int = Field(default=900 << 20, ge=1 << 20, le=1 << 40)
    cache_bytes: int = Field(default=64 << 20, ge=1 << 20, le=16 << 30)
    memtable_bytes: int = Field(default=128 << 20, ge=1 << 20, le=16 << 30)
    open_files: int = Field(default=1_024, ge=64, le=1_000_000)

    @property
    def store_dir(self) -> Path:
        """Where this worker's own copy of its pages lies; it can be deleted, the changelog is the truth."""
        return self.datadir / self.instance
