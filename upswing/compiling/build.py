"""Builds the compiled core into the folder where `services.signals.compiled` looks for it, unless it is there.

It appears there whole or not at all. A build that fails is not tried again for the same sources until a person asks.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from deploy.bootstrap import run_quietly
from services.signals import compiled
from shared.kernel.errors import DependencyError
from upswing.compiling.compiler import ZIG, Compiler, fetched_compiler, own_compiler
from upswing.compiling.sources import to_compile
from upswing.compiling.translate import LISTED

__all__ = ["build", "check"]

BUILDER = 1  # raised when what is built, or how, changes

KEPT = 8  # builds of other sources, of 4 MB each
MOST_AT_ONCE = 8
MOST_SHOWN = 200
BUILT, FAILED, ALL_SHIMS, LOG = "built.json", "failed.txt", "shims.c", "compile.log"
LOCK, BEGUN = ".lock", ".building-"
VERIFY = """
from pathlib import Path
from deploy.bootstrap import run_quietly
from services.signals import compiled
why = compiled.take(Path({folder!r}))
if why: raise SystemExit(why)
from services.signals.core import engine
"""


def build(say: Callable[[str], None], folder: Path, *, retry: bool) -> bool:
    """Build what is not built yet into a folder; tell whether there was something to do. Others wait meanwhile.

    Errors: `DependencyError`; the same once more, at once, when it has failed before and is not to be tried again.
    """
    made_by = _made_by()
    if _reads(folder / BUILT) == made_by:
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _reads(folder / BUILT) != made_by and _build_alone(say, folder, made_by, retry=retry)


def _build_alone(say: Callable[[str], None], folder: Path, made_by: str, *, retry: bool) -> bool:
    for left in folder.parent.glob(BEGUN + "*"):  # by a build that was killed: nobody else builds now
        shutil.rmtree(left, ignore_errors=True)
    sources = compiled.digest()
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=BEGUN) as name:
        scratch = Path(name)
        own = own_compiler(scratch)
        which = own.name if own else ZIG
        failed_with, _, why = _reads(folder / FAILED).partition("\n")
        if failed_with == which and not retry:
            raise DependencyError(f"{why} (`upswing compile` tries again)")
        fetched = "" if own else ", which is fetched for it (100 MB, not kept): there is no other compiler here"
        say(f"compiling the signals core, once for these sources, about a minute, with {which}{fetched}")
        try:
            _build(own or fetched_compiler(scratch), scratch)
        except DependencyError as error:
            folder.mkdir(exist_ok=True)
            (folder / FAILED).write_text(f"{which}\n{error}")
            raise
        if compiled.digest() != sources:
            raise DependencyError("the sources have changed while they were compiled (`upswing compile` tries again)")
        (scratch / "made" / BUILT).write_text(made_by)
        shutil.rmtree(folder, ignore_errors=True)
        (scratch / "made").rename(folder)
    _forget_old(folder)
    return True


def check(scratch: Path) -> str | None:
    """Let mypyc judge the core without compiling C, and return what it objects to."""
    done = _python(["-m", "upswing.compiling.translate", str(scratch)])
    return (done.stdout.strip() or f"mypyc ended with code {done.returncode}") if done.returncode else None


def _build(compiler: Compiler, scratch: Path) -> None:
    c_files, made = scratch / "c", scratch / "made"
    if found := check(c_files):
        raise _failure("mypyc cannot compile it", found)
    made.mkdir()
    listed = json.loads((c_files / LISTED).read_text())
    (sources, include), shims = listed[0], [each[0][0] for each in listed[1:]]
    _gather(shims, c_files / ALL_SHIMS)
    largest_first = sorted((*map(Path, sources), c_files / ALL_SHIMS), key=lambda path: -path.stat().st_size)
    objects = [path.with_suffix(".o") for path in largest_first]
    with ThreadPoolExecutor(min(MOST_AT_ONCE, os.cpu_count() or 1)) as cores:
        list(cores.map(partial(compiler.compile, include), largest_first, objects))
    compiler.link(objects, made / compiled.FILE)
    (made / compiled.MODULES).write_text("\n".join(map(compiled.module_name, to_compile())))
    tried = _python(["-c", VERIFY.format(folder=str(made))])
    if tried.returncode:
        raise _failure("what came of it cannot be loaded", tried.stdout)


def _gather(shims: Sequence[str], target: Path) -> None:
    """Write one C file that holds the beginnings of all modules: each alone would take a compiler and a linker."""
    once = "#define PyInit___init__ PyInit___init__{at}\n#include {path}\n#undef PyInit___init__\n"
    target.write_text("".join(once.format(at=at, path=json.dumps(path)) for at, path in enumerate(shims)))


def _failure(what: str, said: str) -> DependencyError:
    """Return an error with the last line of what was said; all of it is in a file."""
    log = compiled.folder().parent / LOG
    log.write_text(said)
    last = (said.strip().splitlines() or ["it ended without a word"])[-1]
    return DependencyError(f"{what}: {last[:MOST_SHOWN]} (details: {log})")


def _python(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return run_quietly([sys.executable, *arguments], compiled.ROOT)


def _made_by() -> str:
    try:
        return json.dumps({"mypy": version("mypy"), "builder": BUILDER})
    except PackageNotFoundError:
        raise DependencyError("mypy is not installed (`make` installs it)") from None


def _reads(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _forget_old(folder: Path) -> None:
    others = (each for each in folder.parent.iterdir() if each.is_dir() and each != folder and each.name[0] != ".")
    for each in sorted(others, key=lambda other: -other.stat().st_mtime)[KEPT:]:
        shutil.rmtree(each, ignore_errors=True)
