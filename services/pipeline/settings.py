"""Settings of the pipeline service, from the environment with the prefix `UPSWING_PIPELINE_`."""

import socket
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kernel.errors import ConfigurationError

PREFIX = "UPSWING_PIPELINE_"


class Settings(BaseSettings):
    """One pipeline. Units: in the names.

    Shape: `instance` is the worker's name in the consumer groups: the same after a restart, another for each worker.
    `holidays` is the country whose public holidays count for people without one of their own: a code of ISO 3166 as
    `DE` or, for a part of a country, `DE-BY`; empty: weekends only. `idle_transaction_seconds` is how long a worker
    that stands still may hold what another one needs.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    kafka: str = "127.0.0.1:9092"
    database: str
    topic_prefix: str = ""
    instance: str = Field(default_factory=socket.gethostname, min_length=1, pattern=r"^[\w.-]+$")
    host: str = "127.0.0.1"
    port: int = Field(default=8081, ge=1, le=65_535)
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    log_json: bool = True
    playbook: Path = Path("playbooks/default.yaml")
    holidays: str = Field(default="", pattern=r"^([A-Z]{2}(-[A-Za-z0-9-]+)?)?$")

    session_seconds: float = Field(default=10.0, ge=3, le=60)
    heartbeat_seconds: float = Field(default=1.0, gt=0, le=20)
    triggers_wait_ms: int = Field(default=20, ge=1, le=1_000)
    accounts_wait_ms: int = Field(default=100, ge=1, le=1_000)
    batch_triggers: int = Field(default=100, ge=1, le=5_000)
    batch_accounts: int = Field(default=1_000, ge=1, le=20_000)
    outbox_batch: int = Field(default=500, ge=1, le=10_000)
    outbox_idle_seconds: float = Field(default=1.0, gt=0, le=60)
    escalation_seconds: float = Field(default=15.0, gt=0, le=3_600)
    night_seconds: float = Field(default=60.0, gt=0, le=3_600)

    delivery_seconds: float = Field(default=10.0, ge=1, le=600)
    commit_seconds: float = Field(default=10.0, ge=1, le=120)
    retry_seconds: float = Field(default=60.0, ge=1, le=3_600)
    idle_transaction_seconds: float = Field(default=30.0, ge=1, le=600)
    progress_seconds: float = Field(default=60.0, ge=1, le=3_600)
    stall_seconds: float = Field(default=15.0, ge=1, le=600)
    ready_lag_records: int = Field(default=1_000, ge=0, le=10_000_000)
    drain_seconds: float = Field(default=5.0, ge=0, le=120)
    reply_hours: int = Field(default=24, ge=1, le=720)


def read_settings() -> Settings:
    """Return the settings of the environment. Errors: `ConfigurationError` naming each wrong or missing one."""
    try:
        return Settings()  # type: ignore[call-arg] # the environment gives what has no default
    except ValidationError as error:
        wrong = "; ".join(f"{PREFIX}{'_'.join(map(str, row['loc'])).upper()}: {row['msg']}" for row in error.errors())
        raise ConfigurationError(f"a setting of the pipeline is wrong: {wrong}") from None
