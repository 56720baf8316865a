"""The C compiler of this machine, if it has one that can compile an extension of this Python."""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from shared.kernel.errors import DependencyError
from upswing.compiling.zig import fetch_zig

__all__ = ["ZIG", "Compiler", "fetched_compiler", "own_compiler"]

ZIG = "zig"
NAMES = ("cc", "gcc", "clang")
FLAGS = ("-O2", "-g0", "-w", "-fPIC", "-fwrapv", "-fvisibility=hidden", "-DNDEBUG")
SHARED = {"darwin": ("-bundle", "-undefined", "dynamic_lookup")}
WORDS = 200


class Compiler:
    """A C compiler. Shape: `command` calls it; `name` is for people."""

    def __init__(self, name: str, command: Sequence[str], headers: Path) -> None:
        self.name, self.command, self.headers = name, tuple(command), headers

    def compile(self, include: Sequence[str], source: Path, target: Path) -> None:
        """Compile one file. Errors: `DependencyError` with the compiler's first complaint."""
        folders = [f"-I{folder}" for folder in (*include, self.headers)]
        self._run(*FLAGS, *folders, "-c", str(source), "-o", str(target))

    def link(self, objects: Sequence[Path], target: Path) -> None:
        """Make a library that Python can load. Errors: as `compile`."""
        self._run(*SHARED.get(sys.platform, ("-shared",)), *map(str, objects), "-o", str(target))

    def tried(self, scratch: Path) -> "Compiler":
        """Return this one, when it can compile what includes Python's headers. Errors: as `compile`."""
        probe = scratch / "probe.c"
        probe.write_text("#include <Python.h>\n")
        self.compile((), probe, scratch / "probe.o")
        return self

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 - a compiler, on files that we wrote
            [*self.command, *arguments], capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or done.stderr.splitlines()
            raise DependencyError(f"{self.name} failed: {(lines or ['no reason given'])[0][:WORDS]}")


def own_compiler(scratch: Path) -> Compiler | None:
    """Return this machine's compiler, None when it has none. Errors: `DependencyError` when it cannot compile here."""
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").is_file():
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise DependencyError(f"Python.h is not there (on Debian and Ubuntu: apt install python{version}-dev)")
    found = _found()
    return Compiler(Path(found).name, [found], headers).tried(scratch) if found else None


def fetched_compiler(scratch: Path) -> Compiler:
    """Return zig's. Errors: `DependencyError`."""
    return Compiler(ZIG, fetch_zig(scratch), Path(sysconfig.get_path("include"))).tried(scratch)


def _found() -> str | None:
    if sys.platform == "darwin" and subprocess.run(["/usr/bin/xcode-select", "-p"], check=False).returncode:
        return None  # `cc` would open a window that asks whether to install it
    return next((path for path in map(shutil.which, NAMES) if path), None)
