"""What the stack itself looks after, when the machine refuses."""

import asyncio
from pathlib import Path

import pytest

from deploy.local.settings import local_settings
from deploy.local.stack import LocalStack


async def test_looking_after_the_database_goes_on_when_its_note_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and asked again at the next look."""
    monkeypatch.setattr("deploy.local.stack.LOOK_SECONDS", 0.01)
    said: list[str] = []
    (tmp_path / "postgres" / "postmaster.pid").mkdir(parents=True)
    stack = LocalStack(local_settings(data=tmp_path), say=said.append)
    task = asyncio.create_task(stack._look_after())
    async with asyncio.timeout(10):
        while len(said) < 2:
            await asyncio.sleep(0.01)
    task.cancel()
    await stack._client.aclose()
    assert set(said) == {"PostgreSQL cannot be looked after, trying again: Is a directory"}
