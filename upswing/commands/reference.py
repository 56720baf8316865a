"""`upswing reference`: bring the generated parts of `docs/` up to date."""

from pathlib import Path

import click

__all__ = ["command"]


@click.command(name="reference")
@click.option("--docs", type=click.Path(path_type=Path), default=Path("docs"), show_default=True)
def command(docs: Path) -> None:
    """Write the tables of event types, topics, settings and metrics, and the OpenAPI documents."""
    from upswing.reference.pages import current_files  # noqa: PLC0415 - `upswing --help` stays quick

    for path, text in current_files(docs):
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            click.echo(path)
