"""Every case of the definitions is put to the oracle and to the engine."""

import pytest

from shared.kernel.playbook import Playbook
from tests.oracle.adapters import SUBJECTS
from tests.oracle.beginnings import Tell
from tests.oracle.story import Story
from tests.oracle.writing import USUAL, WIDE_OPEN, only, playbook


@pytest.fixture(params=sorted(SUBJECTS))
def tell(request: pytest.FixtureRequest) -> Tell:
    """Begin a story under the wide-open gate, with some fields of the playbook changed."""

    def begin(changes: dict[str, object] | None = None, *later: Playbook, gate: bool = False) -> Story:
        first = playbook((only(*USUAL) if gate else WIDE_OPEN) | (changes or {}))
        return Story(SUBJECTS[request.param]([first, *later]))

    return begin
