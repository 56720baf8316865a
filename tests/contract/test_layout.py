"""The documented tree is the one on disk."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("services", "shared", "deploy", "upswing", "tests", "playbooks", "docs")
SECTION = re.compile(r"^## Layout\n\n```\n(?P<tree>.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_documented_tree_is_the_one_on_disk() -> None:
    """Each folder that is named is there, and each folder that is there is named."""
    found = SECTION.search((ROOT / "docs" / "architecture.md").read_text())
    assert found is not None
    named = {line.split("/  ")[0].strip() for line in found["tree"].splitlines()}
    assert sorted(name for name in named if not (ROOT / name).is_dir()) == []
    assert sorted(_folders() - named) == []


def _folders() -> set[str]:
    folders = {path for package in PACKAGES for path in (ROOT / package).iterdir() if _is_ours(path)}
    return {str(path.relative_to(ROOT)) for path in folders}


def _is_ours(path: Path) -> bool:
    files = (file for file in path.rglob("*.*") if file.is_file() and "__pycache__" not in file.parts)
    return path.is_dir() and path.name[0] not in "._" and any(files)
