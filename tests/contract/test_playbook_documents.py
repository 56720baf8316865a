"""The generated descriptions of the playbook are current."""

from pathlib import Path

from shared.kernel.playbook.reference import reference_page
from upswing.commands.playbook import load_default, schema_text


def test_the_schema_is_what_the_code_generates() -> None:
    """`upswing playbook schema > docs/schemas/playbook.json` brings it up to date."""
    assert Path("docs/schemas/playbook.json").read_text() == schema_text()


def test_the_reference_page_is_what_the_code_generates() -> None:
    """`upswing playbook reference > docs/playbook.md` brings it up to date."""
    assert Path("docs/playbook.md").read_text() == reference_page(load_default())
