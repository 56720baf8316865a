"""The reason in a log, for one sentence."""

from pathlib import Path

import pytest

from deploy.local.last_words import last_words

JSON = '{"event":"%s","level":"%s"%s}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("one\ntwo\n\n", ": two"),
        (
            JSON % ("lost", "error", "") + "upswing: no playbook\n" + JSON % ("bye", "info", ""),
            ": upswing: no playbook",
        ),
        (JSON % ("ready", "info", "") + "upswing: the port is taken\n", ": upswing: the port is taken"),
        (JSON % ("lost", "error", ',"error":"no broker"') + JSON % ("bye", "info", ""), ": lost: no broker"),
        (JSON % ("lost", "critical", ',"exception":"Traceback\\nValueError: 3"'), ": lost: ValueError: 3"),
        ("x" * 1000, ": " + "x" * 300),
    ],
)
def test_the_last_serious_line_is_the_reason_else_the_last_line(tmp_path: Path, text: str, words: str) -> None:
    """Plain lines and JSON lines are understood alike."""
    log = tmp_path / "a.log"
    log.write_text(text)
    assert last_words(log) == words


def test_without_a_log_there_are_no_words(tmp_path: Path) -> None:
    """A program may end before it writes."""
    assert last_words(tmp_path / "none.log") == ""


def test_words_of_an_earlier_run_are_not_this_ones(tmp_path: Path) -> None:
    """The log goes on over restarts; only what was written since counts."""
    log = tmp_path / "a.log"
    log.write_text("upswing: old trouble\n")
    assert last_words(log, since=log.stat().st_size) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (JSON % ("lost", "error", "") + JSON % ("ready", "info", ""), ""),
        (JSON % ("ready", "info", "") + JSON % ("lost", "error", ""), ": lost"),
    ],
)
def test_a_killed_program_has_only_the_error_of_its_last_line(tmp_path: Path, text: str, words: str) -> None:
    """An older error is not why somebody killed it."""
    log = tmp_path / "a.log"
    log.write_text(text)
    assert last_words(log, killed=True) == words
