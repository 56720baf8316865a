"""The questions on a real terminal: answered, answered wrongly, and left with Ctrl-C at any of them."""

import contextlib
import fcntl
import os
import pty
import select
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from services.ingest.key_file import read_keys

SECONDS = 30
ANSWERS = (
    ("Your company", 'Acme: "Tools" & Co'),
    ("Currency", "euro"),  # told, and asked again
    ("a currency is a code", "EUR"),
    ("Plan 1: name", "Basic"),
    ("price a month", "10"),
    ("seat a month", "2.5"),
    ("features, separated", "reports, alerts"),
    ("limits, as", "api_calls=1000"),
    ("Plan 2: name", "Big"),
    ("price a month", "20"),
    ("seat a month", ""),
    ("features that Basic has not", "sso"),
    ("limits, as", ""),
    ("Plan 3: name", ""),
    ("Core features", ""),
    ("SMB: contract value", ""),
    ("Mid-Market: below", ""),
    ("roadmap", "Offline mode"),
    ("Person", "csm=Mara Ilves,mara@example.com"),
    ("Person", ""),
    ("Name of the product", "shop"),
    ("Channel", "in-app"),
    ("Write this", "y"),
)


class Terminal:
    """`upswing init` on a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self.ours, theirs = pty.openpty()
        self.said = ""
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "upswing", "init", "--no-test", "--data", str(folder)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - nothing runs in threads here
        )
        os.close(theirs)

    def until(self, wanted: str) -> None:
        """Read until a text is there, and forget what was before it."""
        deadline = time.monotonic() + SECONDS
        while wanted not in self.said:
            assert time.monotonic() < deadline, self.said
            self._read()
        self.said = self.said.partition(wanted)[2]

    def type(self, text: str) -> None:
        """Type."""
        os.write(self.ours, text.encode())

    def end(self) -> tuple[int, str]:
        """Return the exit code and what was said to the end."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read()
        self._read()
        return self.process.wait(SECONDS), self.said

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # what Linux says when the other side is closed
            if select.select([self.ours], [], [], 0.1)[0]:
                self.said += os.read(self.ours, 65_536).decode()


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal with the questions on it."""
    running = Terminal(tmp_path / "data")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()
    os.close(running.ours)


def test_answers_on_a_terminal_become_a_playbook_and_a_key(terminal: Terminal, tmp_path: Path) -> None:
    """A wrong answer is told and asked again; Enter keeps what is offered: of features what the smallest plan has."""
    for question, answer in ANSWERS:
        terminal.until(question)
        terminal.type(f"{answer}\n")
    code, said = terminal.end()
    assert code == 0, said
    assert "The write key of shop, shown this once" in said
    playbook = yaml.safe_load((tmp_path / "data" / "playbook.yaml").read_text())
    assert (playbook["currency"], playbook["core_features"]) == ("EUR", ["reports", "alerts"])
    assert playbook["plans"]["Basic"]["seat_price"] == 2.5
    assert [key.source for key in read_keys(tmp_path / "data" / "keys.json").keys] == ["shop"]


@pytest.mark.parametrize("place", [0, 4, len(ANSWERS) - 1])
def test_ctrl_c_at_a_question_leaves_nothing_behind(terminal: Terminal, tmp_path: Path, place: int) -> None:
    """At the first, within the plans, at the very last: no file, no key, no folder."""
    for question, answer in ANSWERS[:place]:
        terminal.until(question)
        terminal.type(f"{answer}\n")
    terminal.until(ANSWERS[place][0])
    terminal.type("\x03")
    code, said = terminal.end()
    assert code == 1, said
    assert "Nothing was written." in said
    assert not (tmp_path / "data").exists()


def _init(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `upswing init` on a data folder, without a terminal."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "upswing", "init", "--data", str(data), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_without_a_terminal_it_says_how_to_go_on(tmp_path: Path) -> None:
    """A script is told of --yes."""
    done = _init(tmp_path / "data")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("upswing: there is no terminal to ask on: add --yes")


def test_settings_that_notify_would_refuse_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    """What somebody has written there by hand, too: the field, what was found, and why not."""
    (tmp_path / "upswing.env").write_text("UPSWING_NOTIFY_SEND_SECONDS=-1\n")
    done = _init(tmp_path, "--yes")
    assert done.returncode == 1
    assert done.stderr.startswith("upswing: notify would not start with these settings: UPSWING_NOTIFY_SEND_SECONDS")
    assert [path.name for path in tmp_path.iterdir()] == ["upswing.env"]


def test_keys_that_cannot_be_read_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    """A new write key would have to go there."""
    (tmp_path / "keys.json").write_text("{")
    done = _init(tmp_path, "--yes")
    assert done.returncode == 1
    assert done.stderr.startswith(f"upswing: the keys file {tmp_path / 'keys.json'} cannot be used")
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_a_second_init_keeps_what_somebody_has_changed_by_hand(tmp_path: Path) -> None:
    """With --yes the playbook stays; with --overwrite it is kept beside."""

    def init(*words: str) -> str:
        done = _init(tmp_path, "--yes", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Nothing runs on" in init("--company", "Acme")
    path = tmp_path / "playbook.yaml"
    path.write_text(path.read_text() + "# mine\n")
    assert "somebody has changed it, so it stays as it is" in init("--roadmap", "Offline mode")
    assert path.read_text().endswith("# mine\n")
    assert "playbook.yaml.1: the playbook as it was before" in init("--overwrite")
    assert (tmp_path / "playbook.yaml.1").read_text().endswith("# mine\n")
    assert yaml.safe_load(path.read_text())["roadmap"] == ["Offline mode"]
    assert len(read_keys(tmp_path / "keys.json").keys) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--plan", "Starter=49/9"], "say what your plans have: --features Starter=reports,alerts; the first plan's"),
        (["--in-app", "--slack-webhook", "https://hooks.slack.com/services/x"], "--in-app is a dry run without any"),
    ],
)
def test_options_that_do_not_fit_are_refused_with_what_to_write(tmp_path: Path, words: list[str], said: str) -> None:
    """Nothing is written."""
    done = _init(tmp_path / "data", "--yes", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"upswing: {said}")
    assert not (tmp_path / "data").exists()


def test_a_port_that_is_taken_is_told_before_anything_is_written(tmp_path: Path) -> None:
    """Else the write key would be shown once, with snippets for an address that will be another one."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = _init(tmp_path / "data", "--yes", "--up", f"--ingest-port={port}")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {port} for ingest is taken" in done.stderr
    assert "choose --ingest-port" in done.stderr
    assert not (tmp_path / "data").exists()


def test_all_commands_that_are_named_name_the_data_folder(tmp_path: Path) -> None:
    """Without it they would look at another one."""
    data = tmp_path / "data"
    assert f"upswing import check <files> --data {data}" in _init(data, "--yes", "--no-test").stdout
    again = _init(data, "--yes", "--no-test").stdout
    assert f"`upswing keys --data {data} issue web` issues another" in again
    assert f"upswing init --up --data {data}" in again
