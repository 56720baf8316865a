"""Without a published version the file in the settings is in force, and it is named."""

from pathlib import Path

from upswing.publishing.commands import in_force_by_file


def test_the_file_that_the_stack_was_started_with_is_named_with_its_version(tmp_path: Path) -> None:
    """That of the data folder, if it holds one."""
    (tmp_path / "playbook.yaml").write_text("extends: default\nversion: own-3\n")
    said = in_force_by_file(tmp_path)
    assert said == (
        f"in force is the file that the stack was started with, {tmp_path / 'playbook.yaml'}, version own-3"
    )
