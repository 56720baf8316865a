"""Settings of the notify service, from the environment with the prefix `UPSWING_NOTIFY_`.

One of them is enough for alerts: `UPSWING_NOTIFY_SLACK_WEBHOOK_URL`.
"""

import socket
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.notify.core.schedule import Limits
from services.notify.core.smtp import Smtp


class Settings(BaseSettings):
    """One notify. Units: in the names.

    Shape: `routes` is the path of a routes file; without one, routes follow from the channels set here. `secrets` maps
    names to values for `secret:<name>` in that file (a JSON object). `api_token` opens the API; without it the API
    stays shut. `signing_secret` is Slack's, for buttons; without it presses are refused, so `buttons` needs it: with it
    alerts show Claim, Snooze and Dismiss, whose presses are verified and kept once in `notify.interactions`, and do
    not move leads yet. `instance` is the worker's name, the same after a restart. `account_url` holds `{account_id}`;
    while it is empty alerts have no link. `allow_local_urls` lets receivers be http and on this machine: for tests and
    the demo.
    """

    model_config = SettingsConfigDict(env_prefix="UPSWING_NOTIFY_", frozen=True, extra="forbid")

    kafka: str = "127.0.0.1:9092"
    database: str
    topic_prefix: str = ""
    instance: str = Field(default_factory=socket.gethostname, min_length=1, pattern=r"^[\w.-]+$")
    host: str = "127.0.0.1"
    port: int = Field(default=8082, ge=1, le=65_535)
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    log_json: bool = True
    api_token: SecretStr | None = Field(default=None, min_length=16)

    routes: Path | None = None
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    slack_webhook_url: SecretStr | None = None
    slack_token: SecretStr | None = None
    slack_channel: str | None = None
    slack_api_url: str = "https://slack.com/api"
    slack_interval_ms: int | None = Field(default=None, ge=0, le=3_600_000)
    signing_secret: SecretStr | None = None
    buttons: bool = False
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    email_from: str | None = None
    email_to: tuple[str, ...] = ()
    account_url: str = ""
    allow_local_urls: bool = False

    send_seconds: float = Field(default=10.0, gt=0, le=120)
    lease_seconds: float = Field(default=30.0, gt=0, le=600)
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    owner_seconds: float = Field(default=5.0, ge=0, le=60)
    first_backoff_seconds: float = Field(default=1.0, gt=0, le=600)
    longest_backoff_seconds: float = Field(default=300.0, gt=0, le=86_400)
    most_attempts: int = Field(default=30, ge=1, le=1_000)
    give_up_hours: float = Field(default=24.0, gt=0, le=720)
    retry_seconds: float = Field(default=60.0, ge=1, le=3_600)
    commit_seconds: float = Field(default=10.0, ge=1, le=120)
    progress_seconds: float = Field(default=60.0, ge=1, le=3_600)
    ready_lag_records: int = Field(default=1_000, ge=0, le=10_000_000)
    inbox_days: int = Field(default=40, ge=31, le=3_650)
    session_seconds: float = Field(default=10.0, ge=3, le=60)
    fetch_wait_ms: int = Field(default=50, ge=1, le=1_000)

    @field_validator("buttons")
    @classmethod
    def _presses_can_be_verified(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("signing_secret") is None:
            raise ValueError("set UPSWING_NOTIFY_SIGNING_SECRET too: without it every press is refused")
        return value

    @property
    def limits(self) -> Limits:
        """How long a delivery is tried."""
        return Limits(
            first_backoff_ms=round(self.first_backoff_seconds * 1000),
            longest_backoff_ms=round(self.longest_backoff_seconds * 1000),
            most_attempts=self.most_attempts,
            give_up_after_ms=round(self.give_up_hours * 3_600_000),
        )

    @property
    def smtp(self) -> Smtp | None:
        """The mail server, when one is set with a sender."""
        if self.smtp_host is None or self.email_from is None:
            return None
        password = self.smtp_password.get_secret_value() if self.smtp_password else None
        return Smtp(
            host=self.smtp_host,
            port=self.smtp_port,
            sender=self.email_from,
            username=self.smtp_username,
            password=password,
            tls=self.smtp_tls,
        )

    def known_secrets(self) -> dict[str, str]:
        """Return what `secret:<name>` may name: `secrets`, and the Slack settings by their own names."""
        secrets = {name: value.get_secret_value() for name, value in self.secrets.items()}
        if self.slack_webhook_url:
            secrets["slack_webhook_url"] = self.slack_webhook_url.get_secret_value()
        if self.slack_token:
            secrets["slack_token"] = self.slack_token.get_secret_value()
        if self.slack_channel:
            secrets["slack_channel"] = self.slack_channel
        return secrets
