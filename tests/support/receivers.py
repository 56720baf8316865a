"""Where notify delivers to in tests: a receiver shaped like Slack, and a mail sink."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.ports import free_port


class Slack:
    """A receiver shaped like Slack: incoming webhooks at `/hook`, the Web API at `/api`. It logs every request.

    Shape: `plan` holds what to do with the next posts: a status, a `web.Response`, `reset` (take it, hang up), `drop`
    (hang up without taking it) or seconds to wait; when it is empty the answer is 200.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.posts: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.arrivals: list[float] = []
        self.plan: list[Any] = []
        self.searched = 0
        self._came = asyncio.Condition()

    @property
    def hook(self) -> str:
        """The URL of the webhook."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def api(self) -> str:
        """The URL of the Web API."""
        return f"http://127.0.0.1:{self.port}/api"

    async def wait_posts(self, count: int, seconds: float = 20) -> list[dict[str, Any]]:
        """Return the posts as soon as there are so many."""
        return await self._wait(lambda: self.posts, count, seconds)

    async def wait_updates(self, count: int, seconds: float = 20) -> list[dict[str, Any]]:
        """Return the updates as soon as there are so many."""
        return await self._wait(lambda: self.updates, count, seconds)

    async def _wait(self, read: Callable[[], list[dict[str, Any]]], count: int, seconds: float) -> list[dict[str, Any]]:
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(read()) >= count)
        return read()

    async def hook_post(self, request: web.Request) -> web.StreamResponse:
        """Take a post of the webhook."""
        return await self._answer(request, self.posts, "ok")

    async def api_post(self, request: web.Request) -> web.StreamResponse:
        """Take a call of the Web API."""
        if request.headers.get("Authorization") != "Bearer xoxb-test":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        method = request.match_info["method"]
        if method in {"conversations.history", "conversations.replies"}:
            self.searched += 1
            return web.json_response({"ok": True, "messages": [*reversed(self.posts)]})
        taken = self.updates if method == "chat.update" else self.posts
        return await self._answer(request, taken, "")

    async def _answer(self, request: web.Request, taken: list[dict[str, Any]], text: str) -> web.StreamResponse:
        body = await request.json()
        what = self.plan.pop(0) if self.plan else 200
        if isinstance(what, float):
            await asyncio.sleep(what)
            what = 200
        if what in {200, "reset"}:
            async with self._came:
                body["ts"] = body.get("ts") or f"{len(taken) + 1}.000100"
                taken.append(body)
                self.arrivals.append(asyncio.get_running_loop().time())
                self._came.notify_all()
        if what in {"reset", "drop"}:
            if request.transport:
                request.transport.abort()
            return web.Response()
        if isinstance(what, web.Response):
            return what
        if what == 200 and not text:
            return web.json_response({"ok": True, "channel": body.get("channel", ""), "ts": body["ts"]})
        return web.Response(status=what, text=text if what == 200 else "trouble")


@contextlib.asynccontextmanager
async def slack_receiver() -> AsyncIterator[Slack]:
    """Give a running receiver."""
    slack = Slack()
    app = web.Application()
    app.router.add_post("/hook", slack.hook_post)
    app.router.add_post("/api/{method}", slack.api_post)
    app.router.add_get("/api/{method}", slack.api_post)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", slack.port).start()
    try:
        yield slack
    finally:
        await runner.cleanup()


class Mailbox:
    """A mail sink. Shape: `answers` holds the replies to the next mails; when it is empty they are taken."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's name and signature
        """Take a mail."""
        if self.answers:
            return self.answers.pop(0)
        content = envelope.original_content or b""
        self.mails.append(message_from_bytes(content, policy=policy.default))
        self.recipients.append(envelope.rcpt_tos)
        return "250 taken"

    async def wait_mails(self, count: int, seconds: float = 20) -> list[EmailMessage]:
        """Return the mails as soon as there are so many."""
        async with asyncio.timeout(seconds):
            while len(self.mails) < count:
                await asyncio.sleep(0.02)
        return self.mails


@contextlib.contextmanager
def mail_sink() -> Iterator[tuple[Mailbox, int]]:
    """Give a running sink and its port."""
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox, port
    finally:
        controller.stop()
