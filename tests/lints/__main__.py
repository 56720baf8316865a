"""`python -m tests.lints`: hold all files that git knows, or would add, to the house rules; exit code 1 on a breach."""

import subprocess
import sys
from pathlib import Path

from tests.lints.lint import Source
from tests.lints.rows import LINTS

ROOT = Path(__file__).parents[2]


def files() -> list[str]:
    """Return the paths that belong to the repository: tracked, or new and not ignored."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    return sorted({path for path in done.stdout.splitlines() if (ROOT / path).is_file()})


def main() -> int:
    """Print each breach as `path:line: [rule] sentence`."""
    breaches = 0
    for path in (path for path in files() if path.endswith((".py", ".md"))):
        source = Source(path, (ROOT / path).read_text())
        for name, lint in LINTS.items():
            for line, sentence in lint.findings(source):
                breaches += 1
                sys.stdout.write(f"{path}:{line}: [{name}] {sentence}\n")
    sys.stdout.write(f"{len(LINTS)} house rules: {f'{breaches} breaches' if breaches else 'kept'}\n")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
