"""Slack by its Web API: posts, replies in threads, changes what it has posted, finds a post whose answer was lost.

The bot needs `chat:write`; to find lost posts also `channels:history` (`groups:history` in private channels).
Source: Slack's reference of `chat.postMessage`, `chat.update`, `conversations.history` and message metadata.
"""

from typing import Any

import msgspec

from services.notify.channels.kinds import Channel, ChannelKind, ChannelOptions, Environment, Parcel, Text
from services.notify.channels.receiver import Answer
from services.notify.core.answers import OK, find_post, judge_http, judge_slack_api
from services.notify.core.blocks import alert_blocks, fallback, reply_blocks
from services.notify.core.decide import Ability
from services.notify.core.destination import refuse_url
from services.notify.core.schedule import Lost, Outcome, Refused, Retry, Sent
from services.notify.core.words import Action
from shared.kernel.errors import ConfigurationError

METADATA_EVENT = "upswing_alert"
LOOK_BACK_S = 60
HISTORY_LIMIT = 15  # what the strictest of Slack's tiers gives


class SlackApiOptions(ChannelOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options. Shape: `channel` is the id of a channel, or of a person; `token` better `secret:<name>`."""

    channel: Text = "secret:slack_channel"
    token: Text = "secret:slack_token"  # noqa: S105 - the name of a secret, not one


class SlackApi:
    """One channel of a workspace."""

    def __init__(self, channel: str, token: str, environment: Environment) -> None:
        self.target = channel
        self._token = token
        self._url = environment.slack_api_url.rstrip("/")
        self._receiver = environment.receiver
        self._buttons = environment.buttons

    async def send(self, parcel: Parcel, now_ms: int) -> Outcome:
        """Post, reply to or update the alert."""
        if parcel.action is Action.POST:
            return await self._call("chat.postMessage", self._post(parcel), now_ms)
        if not parcel.ref or not parcel.ref.get("ts"):
            return Refused("the message that it belongs to was never posted here")
        if parcel.action is Action.REPLY:
            return await self._call("chat.postMessage", self._reply(parcel, parcel.ref), now_ms)
        outcome = await self._call("chat.update", self._update(parcel, parcel.ref), now_ms)
        # An update says the same however often it is made, so a lost answer needs no mark.
        return Retry(outcome.reason) if isinstance(outcome, Lost) else outcome

    async def find(self, parcel: Parcel) -> Sent | None:
        """Return where a post is whose answer was lost, by its metadata."""
        oldest = str(parcel.decided_at // 1000 - LOOK_BACK_S)
        params = {"channel": self.target, "oldest": oldest, "limit": str(HISTORY_LIMIT), "include_all_metadata": "true"}
        method = "conversations.history"
        if parcel.action is Action.REPLY and parcel.ref:
            method, params = "conversations.replies", params | {"ts": parcel.ref.get("ts", "")}
        answer = await self._receiver.get(f"{self._url}/{method}", params, self._headers())
        if not isinstance(answer, Answer) or answer.status not in OK:
            return None
        return find_post(_decode(answer.body), parcel.key)

    def _post(self, parcel: Parcel) -> dict[str, Any]:
        return self._content(parcel, alert_blocks(parcel.card, buttons=self._buttons)) | {"metadata": _metadata(parcel)}

    def _reply(self, parcel: Parcel, ref: dict[str, str]) -> dict[str, Any]:
        content = self._content(parcel, reply_blocks(parcel.card)) | {"metadata": _metadata(parcel)}
        return content | {"thread_ts": ref["ts"], "reply_broadcast": True}

    def _update(self, parcel: Parcel, ref: dict[str, str]) -> dict[str, Any]:
        return self._content(parcel, alert_blocks(parcel.card, buttons=self._buttons)) | {
            "ts": ref["ts"],
            "channel": ref.get("channel", self.target),
        }

    def _content(self, parcel: Parcel, blocks: list[dict[str, Any]]) -> dict[str, Any]:
        return {"channel": self.target, "text": fallback(parcel.card), "blocks": blocks, "unfurl_links": False}

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    async def _call(self, method: str, body: dict[str, Any], now_ms: int) -> Outcome:
        headers = self._headers() | {"Content-Type": "application/json; charset=utf-8"}
        answer = await self._receiver.post(f"{self._url}/{method}", msgspec.json.encode(body), headers)
        if not isinstance(answer, Answer):
            return answer
        judged = judge_http(answer.status, answer.retry_after, answer.text, now_ms)
        return judge_slack_api(_decode(answer.body)) if isinstance(judged, Sent) else judged


def _metadata(parcel: Parcel) -> dict[str, Any]:
    return {
        "event_type": METADATA_EVENT,
        "event_payload": {"delivery_id": parcel.key, "trigger_id": parcel.card.trigger_id},
    }


def _decode(body: bytes) -> dict[str, Any]:
    try:
        decoded = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {"ok": False, "error": "internal_error"}
    return decoded if isinstance(decoded, dict) else {"ok": False, "error": "internal_error"}


def open_channel(where: str, options: SlackApiOptions, environment: Environment) -> Channel:
    """Return the channel. Errors: `ConfigurationError` when the API's URL may not be called or a secret is missing."""
    refused = refuse_url(environment.slack_api_url, allow_local=environment.allow_local_urls)
    if refused:
        raise ConfigurationError(f"slack_api_url cannot be used: {refused}")
    channel = environment.reveal(options.channel, f"{where}.channel")
    return SlackApi(channel, environment.reveal(options.token, f"{where}.token"), environment)


KIND = ChannelKind(
    kind="slack_api",
    what="Slack, by its Web API",
    ability=Ability(updates=True),
    options=SlackApiOptions,
    open=open_channel,
    interval_ms=1_000,
    workers=1,
)
