"""Ends what killed test runs left behind: a broker or database nobody waits for would eat the machine."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import psutil

__all__ = ["own_folder", "sweep"]

PREFIX = "upswing-tests-"


def own_folder() -> Path:
    """Return a new folder of this test run, named after its process."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def sweep() -> None:
    """End the processes, and remove the folders, of test runs that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if not owner.isdigit() or psutil.pid_exists(int(owner)):
            continue
        for process in psutil.process_iter(["cmdline"]):
            if str(folder) in " ".join(process.info["cmdline"] or []):
                with contextlib.suppress(psutil.Error):
                    process.kill()
        shutil.rmtree(folder, ignore_errors=True)
