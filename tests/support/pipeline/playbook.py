"""The default playbook, as the services read it."""

from functools import cache

from shared.io.playbooks import read_playbook
from shared.kernel.playbook import Playbook
from tests.support.pipeline.process import ROOT


@cache
def default_playbook() -> Playbook:
    """Return the default playbook."""
    return read_playbook(ROOT / "playbooks" / "default.yaml")
