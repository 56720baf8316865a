"""Slack by an incoming webhook: one URL is all it needs. It can post, and never change what it has posted."""

import msgspec

from services.notify.channels.kinds import Channel, ChannelKind, ChannelOptions, Environment, Parcel, Text
from services.notify.channels.receiver import Answer
from services.notify.core.answers import judge_http
from services.notify.core.blocks import alert_blocks, fallback
from services.notify.core.decide import Ability
from services.notify.core.destination import refuse_url
from services.notify.core.schedule import Outcome, Sent
from shared.kernel.errors import ConfigurationError

HEADERS = {"Content-Type": "application/json; charset=utf-8"}


class SlackWebhookOptions(ChannelOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options. Shape: `url` is the webhook's URL, or better `secret:<name>`."""

    url: Text = "secret:slack_webhook_url"


class SlackWebhook:
    """One incoming webhook."""

    def __init__(self, name: str, url: str, environment: Environment) -> None:
        self.target = name
        self._url = url
        self._receiver = environment.receiver
        self._buttons = environment.buttons

    async def send(self, parcel: Parcel, now_ms: int) -> Outcome:
        """Post the alert."""
        blocks = alert_blocks(parcel.card, buttons=self._buttons)
        body = {"text": fallback(parcel.card), "blocks": blocks, "unfurl_links": False}
        answer = await self._receiver.post(self._url, msgspec.json.encode(body), HEADERS)
        if not isinstance(answer, Answer):
            return answer
        return judge_http(answer.status, answer.retry_after, answer.text, now_ms)

    async def find(self, parcel: Parcel) -> Sent | None:  # noqa: ARG002 - the port's signature
        """Return None: a webhook cannot be asked what it has posted."""
        return None


def open_channel(where: str, options: SlackWebhookOptions, environment: Environment) -> Channel:
    """Return the channel. Errors: `ConfigurationError` when its URL may not be called."""
    url = environment.reveal(options.url, f"{where}.url")
    refused = refuse_url(url, allow_local=environment.allow_local_urls)
    if refused:
        raise ConfigurationError(f"{where}.url cannot be used: {refused}")
    return SlackWebhook(where.removeprefix("channels."), url, environment)


KIND = ChannelKind(
    kind="slack_webhook",
    what="Slack, by an incoming webhook",
    ability=Ability(),
    options=SlackWebhookOptions,
    open=open_channel,
    interval_ms=1_000,
    workers=1,
)
