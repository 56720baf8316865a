"""Builds `.venv` from `requirements.lock`, hash-checked. Called by make, before anything is installed: stdlib only.

Every failure is one sentence that says what to do; pip's own words are in `.venv/install.log`. That Python itself is
new enough is checked by the Makefile, since an older one could not read this file.
"""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
LOG = VENV / "install.log"
FREE_MEGABYTES = 1_500
NETWORK = (
    "newconnectionerror",
    "connecttimeout",
    "connection broken",
    "connection refused",
    "max retries exceeded",
    "name resolution",
    "proxyerror",
    "timed out",
    "unreachable",
    "certificate verify failed",
)
CAUSES = {
    ("no space left", "disk quota exceeded"): f"the disk is full: free about {FREE_MEGABYTES} MB and run make again",
    ("do not match the hashes", "hashes are required"): (
        "a package that arrived is not the one pinned in requirements.lock: check the package index that pip uses"
    ),
    NETWORK: "packages cannot be fetched: check the network and the index or proxy that pip uses, and run make again",
    ("no matching distribution", "could not find a version"): (
        "a pinned package is not to be had for this Python and system: use Python 3.11 to 3.13 on Linux or macOS, and "
        "check the package index that pip uses"
    ),
    ("permission denied",): "the folder cannot be written: make the checkout your own and run make again",
}


class SetupError(Exception):
    """Something that a person must do first; the message is one sentence."""


def main() -> int:
    """Build the environment or bring it up to date, and return the exit code."""
    try:
        demand_venv_module()
        demand_space()
        make_venv()
        say("installing the locked packages into .venv (once; a minute or two)")
        pip("install", "--require-hashes", "-r", str(ROOT / "requirements.lock"))
        pip("install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
        STAMP.write_text("installed\n")
    except SetupError as failure:
        sys.stderr.write(f"upswing: {failure}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"upswing: {cause_of(str(error)) or f'the environment cannot be built: {error}'}\n")
        return 1
    return 0


def demand_venv_module() -> None:
    """Refuse a Python without the parts that make an environment."""
    if not (find_spec("venv") and find_spec("ensurepip")):
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SetupError(
            f"Python {version} here has no venv module: install it (on Debian and Ubuntu: apt install "
            f"python{version}-venv) and run make again"
        )


def demand_space() -> None:
    """Refuse a disk that is too full, before it is half written."""
    free = shutil.disk_usage(ROOT).free >> 20
    if free < FREE_MEGABYTES and not STAMP.exists():
        raise SetupError(f"only {free} MB are free here and {FREE_MEGABYTES} are needed: free some and run make again")


def make_venv() -> None:
    """Make the environment, anew when what is there does not work."""
    if PYTHON.exists() and run_quietly([str(PYTHON), "-m", "pip", "--version"]).returncode == 0:
        return
    say(f"making .venv with Python {sys.version.split()[0]}")
    run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def pip(*arguments: str) -> None:
    """Run the environment's pip. Errors: `SetupError`."""
    run([str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments])


def run(command: list[str]) -> None:
    """Run a command. Errors: `SetupError` with the cause, as far as its output tells."""
    done = run_quietly(command)
    if done.returncode == 0:
        return
    where = ""
    if VENV.is_dir():
        LOG.write_text(done.stdout)
        where = f" (details: {LOG.relative_to(ROOT)})"
    last = [line for line in done.stdout.splitlines() if line.strip()][-1:] or ["no reason given"]
    raise SetupError((cause_of(done.stdout) or f"the environment cannot be built: {last[0].strip()[:200]}") + where)


def run_quietly(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command without input, in a folder if one is named, and keep what it says."""
    return subprocess.run(  # noqa: S603 - our own Python and pip
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def cause_of(output: str) -> str | None:
    """Return what to do, when the output names a known cause."""
    lowered = output.lower()
    return next((sentence for words, sentence in CAUSES.items() if any(word in lowered for word in words)), None)


def say(line: str) -> None:
    """Print one line of progress."""
    sys.stdout.write(f"upswing: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
