"""Which core runs: a compiled one only where it was built from exactly these sources."""

import shutil
import sys
from pathlib import Path

import pytest

from services.signals import compiled
from shared.kernel.errors import ConfigurationError


def a_copy(folder: Path) -> Path:
    """Return a copy of all that a digest covers."""
    for part in compiled.SOURCES:
        shutil.copytree(compiled.ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_a_copy_of_the_sources_has_their_digest(tmp_path: Path) -> None:
    """Where a checkout lies does not matter."""
    assert compiled.digest(a_copy(tmp_path)) == compiled.digest()


@pytest.mark.parametrize(
    "file", ["services/signals/core/quiet.py", "services/signals/core/state.py", "shared/kernel/ids.py"]
)
def test_an_edited_source_has_another_digest(tmp_path: Path, file: str) -> None:
    """Be it compiled, be it a struct that compiled code reads, be it of the kernel: what was built is not taken."""
    edited = a_copy(tmp_path) / file
    edited.write_text(edited.read_text() + "\n")
    assert compiled.digest(tmp_path) != compiled.digest()


def test_a_source_of_another_name_has_another_digest(tmp_path: Path) -> None:
    """A module that is new, gone or renamed changes what is imported."""
    core = a_copy(tmp_path) / "services/signals/core"
    (core / "quiet.py").rename(core / "loud.py")
    assert compiled.digest(tmp_path) != compiled.digest()


def test_what_is_built_is_found_by_the_digest() -> None:
    """So nothing that was built from other sources is ever looked at."""
    assert compiled.folder().name == compiled.digest()


def test_off_is_off() -> None:
    """Nothing is looked for."""
    assert compiled.choose("off").kind == "interpreted"


def test_for_want_of_a_build_the_sources_run(tmp_path: Path) -> None:
    """And it is said why."""
    assert compiled.take(tmp_path) == "none is built from these sources: run `upswing compile`"


def test_a_library_that_is_none_is_not_taken(tmp_path: Path) -> None:
    """A disk that was full leaves a file that Python refuses."""
    (tmp_path / compiled.FILE).write_bytes(b"\x7fELF")
    (tmp_path / compiled.MODULES).write_text("services.signals.core.no_such_module")
    finders = list(sys.meta_path)
    assert (compiled.take(tmp_path) or "").startswith("it cannot be loaded: ")
    assert sys.meta_path == finders
    assert compiled.running().kind == "interpreted"


def test_the_two_are_never_mixed(tmp_path: Path) -> None:
    """Once a module was imported from its source, no other is taken from the library."""
    (tmp_path / compiled.FILE).touch()
    (tmp_path / compiled.MODULES).write_text(f"services.signals.core.no_such_module\n{__name__}")
    assert compiled.take(tmp_path) == f"{__name__} was imported before it was chosen"


def test_a_required_core_that_is_not_there_is_refused() -> None:
    """In these tests the core is imported already, so it cannot be had."""
    from services.signals.core import engine  # noqa: F401, PLC0415 - so that it is

    with pytest.raises(ConfigurationError, match="UPSWING_SIGNALS_COMPILED is required, but "):
        compiled.choose("required")
