"""`upswing migrate`: bring each service's schema to its newest revision."""

import asyncio

import click

from shared.io.database import migrate, services_with_migrations

__all__ = ["command"]


@click.command(name="migrate")
@click.option(
    "--database",
    envvar=["UPSWING_PIPELINE_DATABASE", "UPSWING_NOTIFY_DATABASE"],
    show_envvar=True,
    required=True,
    help="postgresql+asyncpg://user:password@host/database",
)
@click.option("--service", "services", multiple=True, help="Only this service's schema. [all]")
def command(database: str, services: tuple[str, ...]) -> None:
    """Bring each service's schema to its newest revision; safe to run at any time, and twice at once."""
    for service in services or services_with_migrations():
        click.echo(f"{service} is at revision {asyncio.run(migrate(service, database))}")
