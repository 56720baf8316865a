"""What a check finds, and what it is told about the setup."""

from collections.abc import AsyncIterator, Callable
from typing import Literal

import msgspec

from deploy.local.settings import LocalSettings

__all__ = ["Check", "Finding", "Setup", "note", "ok", "wrong"]


class Finding(msgspec.Struct, frozen=True):
    """One sentence: all is well, worth knowing, or wrong with what to do."""

    state: Literal["ok", "note", "wrong"]
    sentence: str


class Setup(msgspec.Struct, frozen=True):
    """The setup to look at.

    Shape: `running` says that a stack holds the data folder; `kafka` and `database` are None where nothing runs.
    """

    settings: LocalSettings
    running: bool
    kafka: str | None
    database: str | None
    replication: int = 1


Check = Callable[[Setup], AsyncIterator[Finding]]


def ok(sentence: str) -> Finding:
    """Return a finding that all is well."""
    return Finding("ok", sentence)


def note(sentence: str) -> Finding:
    """Return a finding worth knowing."""
    return Finding("note", sentence)


def wrong(sentence: str) -> Finding:
    """Return a finding that something is wrong; the sentence says what to do."""
    return Finding("wrong", sentence)
