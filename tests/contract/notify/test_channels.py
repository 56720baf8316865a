"""One channel is one file that ends in its row."""

import ast
from pathlib import Path

from services.notify import channels
from services.notify.channels import BY_KIND, CHANNEL_KINDS

FOLDER = Path(channels.__file__).parent
NOT_CHANNELS = {"__init__.py", "kinds.py", "receiver.py"}


def test_files_and_rows_are_the_same() -> None:
    """A file without a row, or a row without a file, is a mistake."""
    files = {path.stem for path in FOLDER.glob("*.py") if path.name not in NOT_CHANNELS}
    assert files == {kind.kind for kind in CHANNEL_KINDS} == set(BY_KIND)


def test_a_channels_file_ends_in_its_row() -> None:
    """So that who reads the end knows it all."""
    for kind in CHANNEL_KINDS:
        last = ast.parse((FOLDER / f"{kind.kind}.py").read_text()).body[-1]
        assert isinstance(last, ast.Assign)
        assert ast.unparse(last.targets[0]) == "KIND"
