"""Settings of the ingest service, from the environment with the prefix `UPSWING_INGEST_`."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One ingest. Units: in the names.

    Shape: `keys_file` holds the hashes of the write keys, by default in the `data` folder. `body_max_bytes` bounds a
    body as it is sent, `inflated_max_bytes` once gzip is undone, `event_max_bytes` one event's properties.
    `in_flight_max_bytes` bounds what is being read or waits for the broker; above it requests are answered 503 at once.
    `ack_seconds` is how long a request waits for the broker; after it the answer is 503, too. With an `own_port` the
    process shares `port` with others; quotas, `in_flight_max_bytes` and `recent_ids` are each process's.
    """

    model_config = SettingsConfigDict(env_prefix="UPSWING_INGEST_", frozen=True, extra="forbid")

    kafka: str = "127.0.0.1:9092"
    topic_prefix: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65_535)
    own_port: int | None = Field(default=None, ge=1, le=65_535)
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    log_json: bool = True
    playbook: Path = Path("playbooks/default.yaml")
    data: Path = Path(".upswing")
    keys_file: Path | None = None
    keys_poll_seconds: float = Field(default=0.5, gt=0, le=60)

    body_max_bytes: int = Field(default=6 << 20, ge=1_024, le=64 << 20)
    inflated_max_bytes: int = Field(default=12 << 20, ge=1_024, le=128 << 20)
    event_max_bytes: int = Field(default=128 << 10, ge=1_024, le=256 << 10)
    in_flight_max_bytes: int = Field(default=64 << 20, ge=1 << 20, le=4 << 30)
    body_seconds: float = Field(default=15.0, gt=0, le=600)

    linger_ms: float = Field(default=2.0, ge=0, le=1_000)
    pack_max_bytes: int = Field(default=768 << 10, ge=384 << 10, le=960 << 10)
    compression: Literal["none", "gzip", "lz4", "snappy", "zstd"] = "none"
    ack_seconds: float = Field(default=5.0, gt=0, le=60)
    retry_after_seconds: int = Field(default=2, ge=1, le=300)
    recent_ids: int = Field(default=100_000, ge=1, le=10_000_000)
    tally_seconds: float = Field(default=5.0, gt=0, le=300)
    waiting_letters_max_bytes: int = Field(default=16 << 20, ge=64 << 10, le=1 << 30)
    drain_seconds: float = Field(default=5.0, ge=0, le=120)

    @property
    def keys_path(self) -> Path:
        """Where the write keys are."""
        return self.keys_file or self.data / "keys.json"
