"""What a rule about the installation itself is: it looks at no account, and ends with what it is about.

Its file ends in its `ROW`; `rules/__init__.py` lists the rows. Source: playbook section 7.
"""

from collections.abc import Callable

import msgspec

from services.signals.core.source_state import SourceState
from services.signals.core.terms import Terms
from shared.kernel.triggers import Evidence, ScopeType


class OpsRow(msgspec.Struct, frozen=True):
    """One rule of kind `ops`. Shape: `evidence` tells of a source, silent or heard again; `window_days` looks back.

    For the rule's page: `example` is what evidence says, `tuning` how its numbers are meant.
    """

    name: str
    scope_type: ScopeType
    evidence: Callable[[str, SourceState], Evidence]
    window_days: Callable[[Terms], int]
    example: str = ""
    tuning: str = ""
