"""Run as a program: let mypyc check the core and write it as C into a folder; what it says goes to standard output.

It is a process of its own because mypyc ends the process when it finds something that it cannot compile.
"""

import json
import sys
from pathlib import Path

from mypyc.build import mypycify

from services.signals.compiled import GROUP, ROOT
from upswing.compiling.sources import to_compile

__all__ = ["LISTED"]

LISTED = "extensions.json"  # what was written: of each library its C files, and where their headers are


def main(target: Path) -> None:
    """Write C into a folder."""
    files = [str(path.relative_to(ROOT)) for path in to_compile()]
    libraries = mypycify(files, multi_file=True, target_dir=str(target), group_name=GROUP)
    (target / LISTED).write_text(json.dumps([[each.sources, each.include_dirs] for each in libraries]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
