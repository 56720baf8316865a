"""A running stack says where it is, and tools find it by its folder."""

import socket
from contextlib import nullcontext
from pathlib import Path

import pytest

from deploy.local.leftovers import only_one
from deploy.local.noted import noted, running_settings, settings_to_ask
from deploy.local.ports import HOST, free_port
from deploy.local.settings import local_settings
from shared.kernel.errors import ConfigurationError
from shared.kernel.topics import LOCAL_PARTITIONS
from upswing.broker import Broker, find_broker


def test_tools_find_a_running_stack_by_its_folder(tmp_path: Path) -> None:
    """Broker, services, partitions and prefix, as it was told to use them."""
    stack = local_settings(data=tmp_path, kafka_port=19_092, notify_port=18_082, partitions=3, topic_prefix="a-")
    with only_one(tmp_path), noted(stack):
        found = running_settings(data=tmp_path)
        assert (found.bootstrap, found.url("notify")) == ("127.0.0.1:19092", "http://127.0.0.1:18082")
        assert find_broker(None, tmp_path, None) == Broker("127.0.0.1:19092", "a-", 3, tmp_path)
        assert find_broker(None, tmp_path, "b-") == Broker("127.0.0.1:19092", "b-", 3, tmp_path)
    assert not (tmp_path / "run" / "stack.json").exists()


def test_what_is_said_goes_before_what_was_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option first, then the environment; a broker named by its address is no local stack."""
    stack = local_settings(data=tmp_path, kafka_port=19_092, ingest_port=18_080, partitions=3, topic_prefix="a-")
    monkeypatch.setenv("UPSWING_LOCAL_INGEST_PORT", "28080")
    with only_one(tmp_path), noted(stack):
        found = running_settings(data=tmp_path, kafka_port=29_092)
        assert (found.kafka_port, found.ingest_port, found.partitions) == (29_092, 28_080, 3)
        assert find_broker("broker:9092", tmp_path, None) == Broker("broker:9092", "", LOCAL_PARTITIONS)


def test_the_note_of_a_stack_that_was_killed_does_not_count(tmp_path: Path) -> None:
    """Nor does a folder without any."""
    assert running_settings(data=tmp_path).kafka_port == 9_092
    with only_one(tmp_path):
        assert running_settings(data=tmp_path).kafka_port == 9_092
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stack.json").write_text('{"kafka_port": 19092}')
    assert running_settings(data=tmp_path).kafka_port == 9_092


@pytest.mark.parametrize("content", ["{", "[]", '{"kafka_port": "x"}'])
def test_a_note_that_cannot_be_used_is_one_sentence(tmp_path: Path, content: str) -> None:
    """With what to do about it."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stack.json").write_text(content)
    with only_one(tmp_path), pytest.raises(ConfigurationError, match=r"stack.json cannot be read|kafka_port: Input"):
        running_settings(data=tmp_path)


@pytest.mark.parametrize("runs", [True, False])
def test_a_command_that_was_told_no_stack_says_which_it_talks_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runs: bool
) -> None:
    """On standard error, so that programs read on; one that was told which says nothing."""
    monkeypatch.setenv("UPSWING_LOCAL_DATA", str(tmp_path))
    with only_one(tmp_path) if runs else nullcontext(), socket.create_server((HOST, 0)) as another:
        monkeypatch.setenv("UPSWING_LOCAL_KAFKA_PORT", str(another.getsockname()[1]))
        find_broker(None, None, None)
        state = "" if runs else ", which does not run"
        assert capsys.readouterr() == ("", f"of the stack in {tmp_path}{state} (--data names another)\n")
        find_broker(None, tmp_path, None)
        find_broker("broker:9092", None, None)
    assert capsys.readouterr() == ("", "")


def test_where_nothing_runs_it_is_said_what_starts_a_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than the address of a broker that nobody has heard of."""
    monkeypatch.setenv("UPSWING_LOCAL_KAFKA_PORT", str(free_port()))
    with pytest.raises(ConfigurationError, match=r"no stack runs in .*: `upswing up` starts one, `make demo KEEP=1`"):
        find_broker(None, tmp_path, None)


def test_a_demo_that_runs_below_the_data_folder_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless a stack runs on the folder itself; of several one must be named."""
    demo, other = tmp_path / "demo-a", tmp_path / "demo-b"
    other.mkdir()  # a demo that was killed
    with only_one(demo), noted(local_settings(data=demo, kafka_port=19_092, partitions=3)):
        assert settings_to_ask(data=tmp_path).data == demo
        assert find_broker(None, tmp_path, None) == Broker("127.0.0.1:19092", "", 3, demo)
        assert capsys.readouterr().err == f"of the stack in {demo} (--data names another)\n"
        with only_one(other), pytest.raises(ConfigurationError, match="several demos run: name one with --data"):
            settings_to_ask(data=tmp_path)
        with only_one(tmp_path):
            assert settings_to_ask(data=tmp_path).data == tmp_path
    assert settings_to_ask(data=tmp_path).data == tmp_path
