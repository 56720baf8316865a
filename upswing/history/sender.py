"""Sends calls with the published Segment SDK, unmodified, and knows when all of them have been answered."""

import logging
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from segment.analytics.client import Client
from segment.analytics.request import APIError

from shared.kernel.errors import DependencyError
from upswing.history.calls import Call

QUEUE_CALLS = 20_000
UPLOAD_SECONDS = 0.01
TIMEOUT_SECONDS = 15
RETRIES = 6
ANONYMOUS = "anonymous"
NO_PROXY = {"http": "", "https": ""}  # a proxy of the environment is not asked about this machine


class SegmentSender:
    """One SDK client of one write key. Not thread-safe; `flush` blocks, so call it in a thread from a running loop."""

    def __init__(self, url: str, write_key: str) -> None:
        logging.getLogger("segment").setLevel(logging.CRITICAL)  # its failures are raised by `flush`, in one sentence
        self._url = url
        self._failed: list[Exception] = []
        self.sent = 0
        self._client = Client(
            write_key,
            host=url,
            max_queue_size=QUEUE_CALLS,
            upload_interval=UPLOAD_SECONDS,
            max_retries=RETRIES,
            timeout=TIMEOUT_SECONDS,
            proxies=NO_PROXY if urlsplit(url).hostname in {"127.0.0.1", "localhost"} else None,
            on_error=lambda error, _batch: self._failed.append(error),
        )

    def send(self, call: Call) -> None:
        """Hand a call to the SDK; when its queue is full, wait until it has been emptied. Errors: as `flush`."""
        if not self._hand_over(call):
            self.flush()
            self._hand_over(call)
        self.sent += 1

    def flush(self) -> None:
        """Return when every call has been answered with 200.

        Errors: `DependencyError` when ingest refused a batch or did not answer.
        """
        self._client.flush()
        if self._failed:
            raise DependencyError(self._sentence(self._failed[0]))

    def close(self) -> None:
        """End the SDK's thread."""
        self._client.join()

    def _hand_over(self, call: Call) -> bool:
        done, _message = call_sdk(self._client, call)
        return done

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, APIError):
            return f"ingest at {self._url} refused events ({error.status} {error.code}): {error.message}"
        return f"ingest at {self._url} does not answer ({type(error).__name__}): is it running?"


def call_sdk(client: Client, call: Call) -> tuple[bool, dict[str, Any]]:
    """Make a call with an SDK client; return whether it took the call, and the message that it made of it."""
    common: dict[str, Any] = {
        "timestamp": datetime.fromtimestamp(call.at_ms / 1000, UTC),
        "message_id": call.message_id,
        "user_id": call.user_id,
        "anonymous_id": None if call.user_id else ANONYMOUS,
        "context": {"groupId": call.account_id},
    }
    given = dict(call.properties)
    answer: tuple[bool, dict[str, Any]]
    match call.method:
        case "track":
            answer = client.track(event=call.name, properties=given, **common)
        case "group":
            answer = client.group(group_id=call.account_id, traits=given, **common)
        case "identify":
            answer = client.identify(traits=given, **common)
        case "page":
            answer = client.page(name=call.name or None, properties=given, **common)
    return answer
