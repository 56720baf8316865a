"""Wrong settings: one sentence that names them, and the code that tells a supervisor not to try again."""

import pytest
from click.testing import CliRunner

from services.ingest.settings import Settings as IngestSettings
from services.signals.app import command as signals
from shared.io.settings import read_settings
from shared.kernel.errors import EXIT_CONFIGURATION, ConfigurationError
from upswing.commands.keys import command as keys

NO_NUMBER = "Input should be a valid integer, unable to parse string as an integer"


def test_every_wrong_setting_is_named_as_the_environment_calls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them in one go, and what is given goes before the environment."""
    monkeypatch.setenv("UPSWING_INGEST_PORT", "abc")
    monkeypatch.setenv("UPSWING_INGEST_BODY_SECONDS", "0")
    with pytest.raises(ConfigurationError) as caught:
        read_settings(IngestSettings, "ingest")
    assert str(caught.value) == (
        f"a setting of ingest is wrong: UPSWING_INGEST_PORT: {NO_NUMBER}; "
        "UPSWING_INGEST_BODY_SECONDS: Input should be greater than 0"
    )
    assert read_settings(IngestSettings, "ingest", port=1, body_seconds=2.0).port == 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("UPSWING_SIGNALS_PORT", "abc", f"a setting of signals is wrong: UPSWING_SIGNALS_PORT: {NO_NUMBER}"),
        ("UPSWING_SIGNALS_PLAYBOOK", "/nowhere/p.yaml", "/nowhere/p.yaml"),
    ],
)
def test_signals_ends_with_78_when_a_restart_cannot_help(name: str, value: str, sentence: str) -> None:
    """One sentence, no traceback."""
    environment = {"UPSWING_SIGNALS_KAFKA": "127.0.0.1:1", name: value}
    ended = CliRunner().invoke(signals, env=environment)
    assert ended.exit_code == EXIT_CONFIGURATION
    assert ended.output.startswith("upswing: ")
    assert ended.output.count("\n") == 1
    assert sentence in ended.output


def test_a_wrong_setting_of_keys_is_one_sentence() -> None:
    """The console writes it and ends with code 1."""
    ended = CliRunner().invoke(keys, ["list"], env={"UPSWING_INGEST_PORT": "abc"})
    assert isinstance(ended.exception, ConfigurationError)
    assert str(ended.exception) == f"a setting of ingest is wrong: UPSWING_INGEST_PORT: {NO_NUMBER}"
