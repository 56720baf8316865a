"""The broker's jars: pinned, checked, and a clear sentence when they are not to be had."""

from pathlib import Path

import pytest

from deploy.local.jars import ensure_jars, missing_jars, pinned_jars
from deploy.local.ports import free_port
from shared.kernel.errors import DependencyError


def test_the_lock_pins_the_broker_and_each_jar_once() -> None:
    """Forty-odd jars, each with a checksum, no name twice."""
    jars = pinned_jars()
    assert {(jar.name, jar.version) for jar in jars} >= {("kafka_2.13", "4.3.0"), ("kafka-clients", "4.3.0")}
    assert len({jar.filename for jar in jars}) == len(jars)
    assert {len(jar.sha256) for jar in jars} == {64}


def test_a_jar_that_is_not_the_pinned_one_counts_as_missing(tmp_path: Path) -> None:
    """Half a download is no jar."""
    (tmp_path / pinned_jars()[0].filename).write_bytes(b"half")
    assert missing_jars(tmp_path) == pinned_jars()


def test_without_a_network_one_sentence_says_what_to_do_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network, the proxy, or files put there by hand."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(
        DependencyError, match=r"\.jar cannot be fetched: check the network .*, or put the files of jars"
    ):
        ensure_jars(tmp_path / "jars")
    assert list((tmp_path / "jars").iterdir()) == []
