"""Local receivers: one shaped like a Slack incoming webhook, which answers "ok", and a mail server."""

import asyncio
import re
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

import msgspec
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from upswing.demo.people import SLACK_NAMES

HOST = "127.0.0.1"
SLACK_PATH = "/services/T000/B000/demo"
MOST_BYTES = 1 << 20
BULLET = "•"
_TRIGGER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_DATE = re.compile(r"<!date\^\d+\^[^|>]*\|([^>]*)>")
_PERSON = re.compile(r"<@(\w+)>")
_MARKUP = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "*": "", "`": ""}


class Alert(msgspec.Struct, frozen=True):
    """One alert as it arrived. Units: `at_ms` is an instant in milliseconds. Shape: `lines` are its text."""

    channel: str
    title: str
    lines: tuple[str, ...]
    trigger_id: str | None
    at_ms: int


Arrived = Callable[[Alert], None]


class Receivers:
    """Both receivers in the running loop. Use it as an async context manager; `arrived` is called for each alert."""

    def __init__(self, arrived: Arrived) -> None:
        self._arrived = arrived
        self._runner: web.AppRunner | None = None
        self._mail: asyncio.Server | None = None
        self.slack_url = ""
        self.smtp_port = 0

    async def __aenter__(self) -> Self:
        """Listen on free ports of this machine."""
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post(SLACK_PATH, self._slack)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.slack_url = f"http://{HOST}:{self._runner.addresses[0][1]}{SLACK_PATH}"
        loop = asyncio.get_running_loop()
        self._mail = await loop.create_server(lambda: SMTP(_Sink(self._arrived), loop=loop, hostname="demo"), HOST, 0)
        self.smtp_port = self._mail.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Stop listening."""
        if self._mail is not None:
            self._mail.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _slack(self, request: web.Request) -> web.Response:
        try:
            body = msgspec.json.decode(await request.read())
        except msgspec.DecodeError:
            return web.Response(status=400, text="invalid_payload")
        self._arrived(slack_alert(body, time.time_ns() // 1_000_000))
        return web.Response(text="ok")


class _Sink:
    """Keeps nothing: each mail becomes an alert."""

    def __init__(self, arrived: Arrived) -> None:
        self._arrived = arrived

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take one mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self._arrived(mail_alert(content, time.time_ns() // 1_000_000))
        return "250 OK"


def slack_alert(body: Any, at_ms: int) -> Alert:
    """Return what a posted message says. Shape: `body` as Slack takes it: `text` and `blocks`."""
    blocks = body.get("blocks", []) if isinstance(body, dict) else []
    title, lines = str(body.get("text", "")) if isinstance(body, dict) else "", []
    for block in blocks:
        if block.get("type") == "header":
            title = block["text"]["text"]
        elif block.get("type") == "section":
            lines += [line for line in [block.get("text"), *block.get("fields", [])] if line]
        elif block.get("type") == "context":
            lines += block.get("elements", [])
    found = _TRIGGER.search(msgspec.json.encode(body).decode())
    return Alert("Slack", _plain(title), tuple(_plain(line["text"]) for line in lines), found and found[0], at_ms)


def mail_alert(content: bytes, at_ms: int) -> Alert:
    """Return what a mail says, by its plain text."""
    mail = message_from_bytes(content, policy=policy.default)
    part = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
    text = part.get_content() if part is not None else ""
    found = _TRIGGER.search(text)
    lines = tuple(line for line in text.splitlines() if line.strip())
    return Alert(f"e-mail to {mail['To']}", str(mail["Subject"]), lines, found and found[0], at_ms)


def _plain(text: str) -> str:
    text = _PERSON.sub(lambda found: SLACK_NAMES.get(found[1], found[1]), _DATE.sub(r"\1", text))
    for mark, plain in _MARKUP.items():
        text = text.replace(mark, plain)
    labelled = text.count("\n") == 1 and not text.startswith(BULLET)  # a name and, below it, its value
    return text.replace("\n", ": " if labelled else "; ")
