"""A demo's folder holds what the commands need to ask its services."""

from pathlib import Path

from deploy.local.settings import local_settings
from services.notify.settings import Settings
from upswing.demo.folder import fresh_folder, write_settings
from upswing.doctor.options import settings_problems
from upswing.trace.alerts import TOKEN


def test_trace_and_notify_read_the_same_token(tmp_path: Path) -> None:
    """Another one for each demo, and good enough for notify to start; nobody else can read it."""
    first, second = fresh_folder(tmp_path), fresh_folder(tmp_path)
    write_settings(first)
    write_settings(second)
    settings = local_settings(data=first)
    token = settings.file_environment()[TOKEN]
    assert settings.service_environment("notify", "")[TOKEN] == token
    assert Settings(database="postgresql+asyncpg:///x", api_token=token).api_token is not None
    assert settings_problems(settings) == []
    assert local_settings(data=second).file_environment()[TOKEN] != token
    assert first.stat().st_mode & 0o077 == 0
