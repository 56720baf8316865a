"""The stage that a demo plays on: a whole stack in a fresh folder, local receivers, a write key, an API token."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

from deploy.local.settings import LocalSettings, local_settings
from deploy.local.stack import LocalStack
from services.pipeline import security
from shared.io.database import make_engine, make_sessions
from shared.kernel.errors import DependencyError
from upswing.commands.keys import issue_key
from upswing.demo.folder import fresh_folder, remove_abandoned, write_settings
from upswing.demo.people import PEOPLE
from upswing.demo.receivers import Arrived, Receivers
from upswing.demo.watch import TriggerWatch
from upswing.history.controls import LogControls
from upswing.history.sender import SegmentSender

SOURCE = "demo"
API_SECONDS = 15.0


class Stage:
    """One demo's stage. Use it as an async context manager.

    Shape: `controls` tells the log history's time, `sender` sends with the published SDK, `api` asks the pipeline.
    """

    def __init__(
        self,
        chosen: dict[str, Any],
        playbook: Path,
        *,
        begin_ms: int,
        ticker: bool,
        keep: bool,
        say: Callable[[str], None],
        told: Callable[[int, int], None],
        arrived: Arrived,
    ) -> None:
        self._parent = Path(chosen.get("data") or local_settings().data)
        self._chosen, self._playbook, self.begin_ms = chosen, playbook, begin_ms
        self._ticker, self._keep = ticker, keep
        self._say, self._told, self._arrived = say, told, arrived
        self._opened = contextlib.AsyncExitStack()
        self.settings: LocalSettings
        self.stack: LocalStack
        self.controls: LogControls
        self.sender: SegmentSender
        self.watch: TriggerWatch
        self.api: httpx.AsyncClient
        self.token = self.write_key = ""

    async def __aenter__(self) -> Self:
        """Set everything up; when it returns, history can be played. Errors: each one sentence that says what to do."""
        try:
            await self._set_up()
        except BaseException:
            await self._opened.aclose()
            raise
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Take everything down, and remove the folder unless it is to be kept."""
        await self._opened.aclose()

    async def _set_up(self) -> None:
        await asyncio.to_thread(remove_abandoned, self._parent, self._say)
        folder = fresh_folder(self._parent)
        if not self._keep:
            self._opened.callback(shutil.rmtree, folder, ignore_errors=True)
        receivers = await self._opened.enter_async_context(Receivers(self._arrived))
        own = {"data": folder, "jars": self._parent / "jars", "playbook": self._playbook}
        self.settings = local_settings(**self._chosen | own)
        write_settings(folder)
        _key, self.write_key = issue_key(folder / "keys.json", SOURCE)
        self.stack = LocalStack(
            self.settings,
            say=self._say,
            told=self._told,
            environment=self._environment(folder, receivers),
            before_services=[self._begin_history],
        )
        await self._opened.enter_async_context(self.stack)
        self.controls = await self._opened.enter_async_context(
            LogControls(self.stack.bootstrap, self.settings.topic_prefix)
        )
        self.sender = SegmentSender(self.settings.url("ingest"), self.write_key)
        self._opened.push_async_callback(asyncio.to_thread, self.sender.close)
        self.watch = await self._opened.enter_async_context(
            TriggerWatch(self.stack.bootstrap, self.settings.topic_prefix)
        )
        await self._open_api()

    async def _begin_history(self, stack: LocalStack) -> None:
        async with LogControls(stack.bootstrap, stack.settings.topic_prefix) as controls:
            await controls.begin(self.begin_ms)

    def _environment(self, folder: Path, receivers: Receivers) -> dict[str, str]:
        return {
            "UPSWING_INGEST_KEYS_FILE": str((folder / "keys.json").absolute()),
            "UPSWING_SIGNALS_TICKER": str(self._ticker).lower(),
            "UPSWING_NOTIFY_ALLOW_LOCAL_URLS": "true",
            "UPSWING_NOTIFY_SLACK_WEBHOOK_URL": receivers.slack_url,
            "UPSWING_NOTIFY_SMTP_HOST": "127.0.0.1",
            "UPSWING_NOTIFY_SMTP_PORT": str(receivers.smtp_port),
            "UPSWING_NOTIFY_SMTP_TLS": "none",
            "UPSWING_NOTIFY_EMAIL_FROM": "upswing@example.com",
            "UPSWING_NOTIFY_EMAIL_TO": '["success@example.com"]',
        }

    async def _open_api(self) -> None:
        engine = make_engine(self.stack.database_url)
        try:
            async with make_sessions(engine).begin() as session:
                _id, self.token = security.issue(session, SOURCE, "admin", self.begin_ms)
        finally:
            await engine.dispose()
        self.api = httpx.AsyncClient(
            base_url=self.settings.url("pipeline"),
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
            timeout=API_SECONDS,
        )
        self._opened.push_async_callback(self.api.aclose)
        await self.ask("PUT", "/v1/people", json={"people": list(PEOPLE)})

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """Return what the pipeline answers. Errors: `DependencyError` when it refuses or does not answer."""
        try:
            answer = await self.api.request(method, path, **more)
        except httpx.HTTPError as error:
            raise DependencyError(f"the pipeline at {self.api.base_url} does not answer: {error!r}") from error
        if answer.is_error:
            raise DependencyError(f"the pipeline refused {method} {path} ({answer.status_code}): {answer.text[:300]}")
        return answer.json()
