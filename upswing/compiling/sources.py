"""Which modules of the core are compiled: those without a class that mypyc would make wrongly, and without a word.

mypyc drops the keywords of a class (`array_like`, `frozen`) and the inner types of its annotations; msgspec needs both.
So a module that defines a struct stays interpreted, whole: what is hot belongs into another file than its structs.
"""

import ast
from pathlib import Path

from services.signals.compiled import ROOT

__all__ = ["CORE", "to_compile"]

CORE = ROOT / "services" / "signals" / "core"
PLAIN = {"Exception", "Protocol", "Generic", "dict"}  # what a class may be made of


def to_compile() -> list[Path]:
    """Return the sources that are compiled, sorted."""
    return sorted(path for path in CORE.rglob("*.py") if path.name != "__init__.py" and _compiles(path.read_text()))


def _compiles(text: str) -> bool:
    classes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef))
    return all(not each.keywords and all(_is_plain(base) for base in each.bases) for each in classes)


def _is_plain(base: ast.expr) -> bool:
    return ast.unparse(base).partition("[")[0] in PLAIN
