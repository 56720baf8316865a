"""Shipped playbooks, each read only once in a run: reading YAML takes longer than most tests."""

import pickle
from functools import cache
from pathlib import Path
from typing import Any

from shared.io.playbooks import parse_yaml, read_playbook
from shared.kernel.playbook import Playbook

FOLDER = Path(__file__).parents[2] / "playbooks"


@cache
def shipped(name: str = "default") -> Playbook:
    """Return a playbook that comes with Upswing."""
    return read_playbook(FOLDER / f"{name}.yaml")


@cache
def _pickled() -> bytes:
    return pickle.dumps(parse_yaml((FOLDER / "default.yaml").read_text(encoding="utf-8"), "playbook"))


def default_data() -> dict[str, Any]:
    """Return what the default playbook says, before it is built: a copy that may be changed."""
    data: dict[str, Any] = pickle.loads(_pickled())  # noqa: S301 - our own bytes; quicker than a deep copy
    return data
