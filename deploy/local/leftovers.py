"""Programs that outlived a killed supervisor: remembered by process id and time of birth, ended at the next start."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from shared.kernel.errors import ConfigurationError

__all__ = ["end_leftovers", "forget", "holder", "only_one", "remember"]

GRACE_SECONDS = 10


def remember(run_folder: Path, name: str, pid: int) -> None:
    """Note that a program runs; a note is there whole or not at all."""
    run_folder.mkdir(parents=True, exist_ok=True)
    with suppress(psutil.NoSuchProcess):
        aside = run_folder / f"{name}.new"
        aside.write_text(f"{pid} {psutil.Process(pid).create_time()}")
        aside.replace(run_folder / f"{name}.pid")


def forget(run_folder: Path, name: str) -> None:
    """Note that a program was stopped."""
    (run_folder / f"{name}.pid").unlink(missing_ok=True)


def end_leftovers(run_folder: Path) -> list[str]:
    """End the programs of a supervisor that is no more, and return their names.

    A process is ours only if its id and time of birth are those noted. A note that cannot be read is removed.
    """
    ended = []
    for note in sorted(run_folder.glob("*.pid")):
        with suppress(psutil.NoSuchProcess, ValueError):
            pid, born = note.read_text().split()
            process = psutil.Process(int(pid))
            if abs(process.create_time() - float(born)) < 1:
                _end(process)
                ended.append(note.stem)
        note.unlink()
    return ended


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold a folder for this process. Errors: `ConfigurationError` when another one holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise ConfigurationError(
                f"the folder {folder} is in use by process {lock.read().strip() or 'unknown'}: stop it, or choose "
                "another folder with --data"
            ) from None
        lock.truncate(0)
        lock.write(str(psutil.Process().pid))
        lock.flush()
        yield


def holder(folder: Path) -> str | None:
    """Return the process id that holds a folder, None when nobody does."""
    try:
        lock = (folder / "lock").open()
    except FileNotFoundError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return lock.read().strip() or "unknown"
    return None


def _end(process: psutil.Process) -> None:
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(GRACE_SECONDS)
