"""Several processes of a service in the local stack: their names, their ports, and what each is told."""

from pathlib import Path

import pytest

from deploy.local.settings import local_settings
from shared.kernel.errors import ConfigurationError
from upswing.commands.up import address_of


def test_one_process_has_the_port_for_itself(tmp_path: Path) -> None:
    """Nothing is shared when nobody asks for it."""
    settings = local_settings(data=tmp_path)
    assert settings.programs("ingest") == ["ingest"]
    assert settings.own_url("ingest") == settings.url("ingest")
    assert "UPSWING_INGEST_OWN_PORT" not in settings.service_environment("ingest", "")


def test_further_processes_share_the_port_and_have_one_each(tmp_path: Path) -> None:
    """The first is named as ever; the other services remain alone."""
    settings = local_settings(data=tmp_path, ingest_processes=3, ingest_port=18_080, ingest_own_port=18_090)
    assert settings.programs("ingest") == ["ingest", "ingest-2", "ingest-3"]
    assert settings.programs("signals") == ["signals"]
    told = [settings.service_environment(name, "") for name in settings.programs("ingest")]
    assert [each["UPSWING_INGEST_PORT"] for each in told] == ["18080"] * 3
    assert [each["UPSWING_INGEST_OWN_PORT"] for each in told] == ["18090", "18091", "18092"]
    assert settings.own_url("signals") == settings.url("signals")
    said = "http://127.0.0.1:18080 (3 processes; each alone, for its metrics: 18090, 18091, 18092)"
    assert address_of(settings, "ingest") == said
    assert address_of(settings, "signals") == settings.url("signals")


def test_more_processes_than_make_sense_are_refused() -> None:
    """By the name of the setting."""
    with pytest.raises(ConfigurationError, match="ingest_processes: Input should be less than or equal to 64"):
        local_settings(ingest_processes=65)
