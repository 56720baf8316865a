"""A C compiler for a machine that has none: zig's, as the package index has it, fetched for one build and not kept."""

import shutil
import sys
from pathlib import Path

from deploy.bootstrap import run_quietly
from services.signals.compiled import ROOT
from shared.kernel.errors import DependencyError

__all__ = ["fetch_zig"]

LOCK = ROOT / "deploy" / "ziglang.lock"
FREE_MEGABYTES = 1_500  # the wheel, what is in it, and what it writes beside


def fetch_zig(scratch: Path) -> list[str]:
    """Return the command that compiles C, fetched into a folder. Errors: `DependencyError`."""
    free = shutil.disk_usage(scratch).free >> 20
    if free < FREE_MEGABYTES:
        raise DependencyError(f"there is no C compiler, and {free} MB are too few to fetch one ({FREE_MEGABYTES})")
    target = scratch / "zig"
    pip = [sys.executable, "-m", "pip", "install", "--no-input", "--retries", "1", "--timeout", "15", "--no-cache-dir"]
    done = run_quietly([*pip, "--no-deps", "--require-hashes", "-r", str(LOCK), "--target", str(target)])
    zig = target / "ziglang" / "zig"
    if done.returncode or not zig.is_file():
        raise DependencyError("there is no C compiler, and none could be fetched (on Debian: apt install gcc)")
    caches = [f"ZIG_{which}_CACHE_DIR={scratch / 'zig-cache'}" for which in ("GLOBAL", "LOCAL")]
    return ["/usr/bin/env", *caches, str(zig), "cc", "-mcpu=baseline"]
