"""Which core runs: compiled by mypyc where one was built from exactly these sources, else interpreted.

What was built lies beside no source but in a folder that is named by the digest of all that it was made from, so it is
never stale: other sources have another digest, and for want of a folder of that name they run interpreted.
Source: ADR 0015.
"""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Literal

import msgspec

from shared.kernel.errors import ConfigurationError

__all__ = [
    "FILE",
    "GROUP",
    "MODULES",
    "ROOT",
    "Core",
    "Mode",
    "choose",
    "digest",
    "folder",
    "is_built",
    "module_name",
    "running",
    "take",
]

Mode = Literal["auto", "off", "required"]

ROOT = Path(__file__).parents[2]
PACKAGE = "services.signals.core"
SOURCES = ("services/signals/core", "shared/kernel")  # all that the compiler has seen the insides of
GROUP = "upswing_core"
LIBRARY = f"{GROUP}__mypyc"  # as mypyc calls the one library in which all modules are
FILE = LIBRARY + EXTENSION_SUFFIXES[0]
MODULES = "modules.txt"  # the names of those, one a line


class Core(msgspec.Struct, frozen=True):
    """Which core runs. Shape: `why` is a phrase for people."""

    kind: Literal["compiled", "interpreted"]
    why: str


class _Finder(MetaPathFinder):
    """Finds the compiled modules, all in one library; asked before the sources are."""

    def __init__(self, library: Path, names: frozenset[str]) -> None:
        self.library, self.names = str(library), names

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a compiled module is, None for any other."""
        return _spec(fullname, self.library) if fullname in self.names else None


def choose(mode: Mode) -> Core:
    """Take the compiled core where there is one and `mode` lets it; to be called before the core is imported.

    Errors: `ConfigurationError` when it is `required` and cannot be had.
    """
    if mode == "off":
        return Core("interpreted", "UPSWING_SIGNALS_COMPILED is off")
    why = None if LIBRARY in sys.modules else take(folder())
    if why is not None and mode == "required":
        raise ConfigurationError(f"UPSWING_SIGNALS_COMPILED is required, but {why}")
    return running() if why is None else Core("interpreted", why)


def is_built() -> bool:
    """Tell whether there is a compiled core of these sources, so that a worker that starts now takes it."""
    return (folder() / FILE).is_file()


def running() -> Core:
    """Return which core this process has."""
    if LIBRARY in sys.modules:
        return Core("compiled", f"built from these sources: {Path(sys.modules[LIBRARY].__file__ or '').parent.name}")
    return Core("interpreted", "no compiled core was asked for")


def take(built: Path) -> str | None:
    """Let the core be imported from what was built into a folder, or return why that cannot be."""
    library = built / FILE
    if not library.is_file():
        return "none is built from these sources: run `upswing compile`"
    try:
        names = frozenset((built / MODULES).read_text().split())
    except OSError as error:  # somebody is just building it anew
        return f"it cannot be read: {error}"
    if early := sorted(names & sys.modules.keys()):
        return f"{early[0]} was imported before it was chosen"
    spec = _spec(LIBRARY, str(library))
    try:
        loaded = module_from_spec(spec)
        ExtensionFileLoader(LIBRARY, str(library)).exec_module(loaded)
    except ImportError as error:
        return f"it cannot be loaded: {error}"
    sys.modules[LIBRARY] = loaded
    sys.meta_path.insert(0, _Finder(library, names))
    return None


def folder() -> Path:
    """Return where the core that was built from these sources for this Python is, if it was."""
    return Path(sys.prefix) / "upswing-core" / digest()


def digest(root: Path = ROOT) -> str:
    """Return what names a build: the sources, which Python can load it, and the library whose structs it handles."""
    found = hashlib.sha256(f"{EXTENSION_SUFFIXES[0]}\0{msgspec.__version__}".encode())
    for path in _sources(root):
        found.update(f"\0{path.relative_to(root)}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:20]


def module_name(source: Path) -> str:
    """Return the name by which a source is imported."""
    return ".".join(source.relative_to(ROOT).with_suffix("").parts)


def _sources(root: Path) -> Iterator[Path]:
    for part in SOURCES:
        yield from sorted((root / part).rglob("*.py"))


def _spec(name: str, library: str) -> ModuleSpec:
    return ModuleSpec(name, ExtensionFileLoader(name, library), origin=library)
