"""Every ignore carries its code and its reason, so that nobody has to guess whether it still holds."""

import io
import re
import tokenize
from collections.abc import Iterator

from tests.lints.lint import Finding, Lint, Source

NOQA = re.compile(r"#\s*noqa\b(?P<codes>:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?(?P<reason>.*)")
TYPE = re.compile(r"#\s*type:\s*ignore(?P<codes>\[[a-z, -]+\])?(?P<reason>.*)")
PRAGMA = re.compile(r"#\s*pragma: no (cover|branch)(?P<codes>)(?P<reason>.*)")
LEAST_WORDS = 2


def check(source: Source) -> Iterator[Finding]:
    """Find ignores without a code, or without a reason behind it (`# noqa: S603 - our own command`)."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for pattern in (NOQA, TYPE, PRAGMA):
            found = pattern.search(token.string)
            if found and found["codes"] is None:
                yield token.start[0], "an ignore names its code"
            elif found and len(re.findall(r"\w+", found["reason"])) < LEAST_WORDS:
                yield token.start[0], "an ignore says why, behind its code"


LINT = Lint(
    what="every ignore carries its code and its reason",
    applies=lambda path: path.endswith(".py"),
    check=check,
    good=Source(
        "a.py", "x = 1  # noqa: E501 - a long address\ny = 2  # type: ignore[misc]  # the library has no types\n"
    ),
    bad=Source("a.py", "x = 1  # no" + "qa\ny = 2  # no" + "qa: E501\nz = 3  # type: ign" + "ore[misc]\n"),
)
