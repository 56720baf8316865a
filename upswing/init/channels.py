"""Where alerts are to go, as settings of notify. Secrets are here and nowhere else: never logged, never shown.

Errors: `ConfigurationError`, one sentence.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from services.notify.routing_table import read_table
from shared.kernel.errors import ConfigurationError

__all__ = ["Channels", "Tls", "channel_settings", "channels_of", "names_of", "secret_in"]

PREFIX = "UPSWING_NOTIFY_"
SLACK = ("SLACK_WEBHOOK_URL", "SLACK_TOKEN", "SLACK_CHANNEL")
MAIL = ("SMTP_HOST", "SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_TLS", "EMAIL_FROM", "EMAIL_TO")
Tls = Literal["none", "starttls", "tls"]
NAMES = {"slack": "slack", "email": "email", "in_app": "in-app"}  # of the channels that notify makes without routes
LOCAL = ("127.0.0.1", "localhost", "::1")


class Channels(msgspec.Struct, frozen=True, kw_only=True):
    """The channels to set. Shape: `in_app`: alerts stay in the log of deliveries; nothing chosen: as they are."""

    slack_webhook: str = ""
    slack_token: str = ""
    slack_channel: str = ""
    smtp: str = ""
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_tls: Tls = "starttls"
    mail_from: str = ""
    mail_to: tuple[str, ...] = ()
    in_app: bool = False
    allow_local: bool = False

    @property
    def chosen(self) -> bool:
        """Tell whether anything is to be set."""
        return bool(self.slack_webhook or self.slack_token or self.smtp or self.in_app)


def channel_settings(channels: Channels) -> dict[str, str | None]:
    """Return the settings of notify; None: to be taken out. Errors: `ConfigurationError` for what cannot be meant."""
    _check(channels)
    if channels.in_app and (channels.slack_webhook or channels.slack_token or channels.smtp):
        raise ConfigurationError("--in-app is a dry run without any channel: leave it out, or the channel")
    if not channels.chosen:
        return {}
    values: dict[str, str | None] = dict.fromkeys((*SLACK, *MAIL))
    if channels.slack_webhook:
        values["SLACK_WEBHOOK_URL"] = channels.slack_webhook
    if channels.slack_token:
        values |= {"SLACK_TOKEN": channels.slack_token, "SLACK_CHANNEL": channels.slack_channel}
    if channels.smtp:
        host, port = _smtp(channels.smtp)
        values |= {"SMTP_HOST": host, "SMTP_PORT": port, "SMTP_TLS": channels.smtp_tls}
        values |= {"EMAIL_FROM": channels.mail_from, "EMAIL_TO": json.dumps(list(channels.mail_to))}
        if channels.smtp_user:
            values |= {"SMTP_USERNAME": channels.smtp_user, "SMTP_PASSWORD": channels.smtp_password}
    values["ALLOW_LOCAL_URLS"] = "true" if channels.allow_local else None
    return {PREFIX + name: value for name, value in values.items()}


def channels_of(written: Mapping[str, str]) -> list[str]:
    """Return which channels settings name: `slack`, `email`; `in_app` when they name none."""
    slack = f"{PREFIX}SLACK_WEBHOOK_URL" in written or f"{PREFIX}SLACK_TOKEN" in written
    named = ["slack"] * slack + ["email"] * (f"{PREFIX}SMTP_HOST" in written)
    return named or ["in_app"]


def names_of(kind: str, written: Mapping[str, str]) -> frozenset[str]:
    """Return what the channels of a kind that `channels_of` gives are called; none when own routes have none of it.

    Errors: `ConfigurationError` when the routes file cannot be used.
    """
    own = written.get(f"{PREFIX}ROUTES")
    if not own:
        return frozenset({NAMES[kind]})
    channels = read_table(Path(own)).channels
    return frozenset(name for name, spec in channels.items() if str(spec.get("kind")).startswith(kind))


def secret_in(text: str) -> str:
    """Return a secret as it is written, or the first line of a file from `@file`, which no list of programs shows."""
    if not text.startswith("@"):
        return text.strip()
    try:
        return Path(text[1:]).read_text(encoding="utf-8").strip().splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise ConfigurationError(f"the file {text[1:]} holds no secret that can be read: {error}") from None


def _check(channels: Channels) -> None:
    if channels.slack_webhook:
        parts = urlsplit(channels.slack_webhook)
        if parts.scheme != "https" and not channels.allow_local:
            raise ConfigurationError(
                "a Slack webhook begins with https://hooks.slack.com/services/; for a receiver of your own on this "
                "machine add --allow-local"
            )
        if parts.hostname in LOCAL and not channels.allow_local:
            raise ConfigurationError("the webhook is on this machine: add --allow-local if it is meant so")
    if bool(channels.slack_token) != bool(channels.slack_channel):
        raise ConfigurationError("a Slack bot needs both its token (xoxb-...) and the id of its channel (C...)")
    if channels.slack_token and channels.slack_webhook:
        raise ConfigurationError("give a Slack webhook or a bot with its channel, not both")
    if not channels.smtp and (channels.mail_from or channels.mail_to or channels.smtp_user or channels.smtp_password):
        raise ConfigurationError("sender, receivers and user belong to a mail server: add --smtp smtp.example.com:587")
    if channels.smtp and not channels.mail_from:
        raise ConfigurationError("e-mail needs a sender: --mail-from upswing@example.com")
    if channels.smtp and not channels.mail_to:
        raise ConfigurationError("e-mail needs somebody who gets what has no owner: --mail-to success@example.com")
    if bool(channels.smtp_user) != bool(channels.smtp_password):
        raise ConfigurationError("a mail server asks for a user together with a password")


def _smtp(text: str) -> tuple[str, str]:
    host, found, port = text.rpartition(":")
    if not found:
        return text, "587"
    if not host or not port.isdigit():
        raise ConfigurationError(f"a mail server is written as smtp.example.com:587, got {text!r:.60}")
    return host, port
