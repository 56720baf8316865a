"""`upswing tokens`: who may read and work leads."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, get_args

import click
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline import security
from services.pipeline.repository import tokens
from services.pipeline.security import Role
from shared.io.database import make_engine, make_sessions
from shared.kernel.clock import iso
from shared.kernel.errors import DependencyError

__all__ = ["command"]

T = TypeVar("T")
DATABASE = click.option(
    "--database",
    envvar="UPSWING_PIPELINE_DATABASE",
    show_envvar=True,
    required=True,
    help="postgresql+asyncpg://user:password@host/database",
)


@click.group(name="tokens")
def command() -> None:
    """API tokens: who may read and work leads."""


@command.command()
@click.option("--role", type=click.Choice(get_args(Role)), required=True, help="viewer reads, csm works, admin rules.")
@click.option("--name", required=True, help="Who or what uses it; the history of a lead shows this name.")
@DATABASE
def issue(role: Role, name: str, database: str) -> None:
    """Issue a token and print it: it is shown this once, and only its hash is kept."""

    async def work(session: AsyncSession) -> tuple[str, str]:
        return security.issue(session, name, role, _now())

    token_id, token = asyncio.run(_with_session(database, work))
    click.echo(token)
    click.echo(f"token {token_id} for {name!r} with the role {role}; keep it, it is not shown again", err=True)


@command.command(name="list")
@DATABASE
def list_tokens(database: str) -> None:
    """List all tokens, without their secrets."""
    for row in asyncio.run(_with_session(database, tokens.all_tokens)):
        state = "valid" if row.revoked_at is None else f"revoked {iso(row.revoked_at)}"
        click.echo(f"{row.token_id}  {row.role:6}  {iso(row.created_at)}  {state}  {row.name}")


@command.command()
@click.argument("token_id")
@DATABASE
def revoke(token_id: str, database: str) -> None:
    """Refuse a token from now on."""
    if not asyncio.run(_with_session(database, lambda session: tokens.revoke(session, token_id, _now()))):
        raise click.ClickException(f"there is no valid token {token_id!r}: `upswing tokens list` shows them")
    click.echo(f"token {token_id} is revoked")


async def _with_session(database: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    engine = make_engine(database)
    try:
        async with make_sessions(engine).begin() as session:
            return await work(session)
    except (SQLAlchemyError, OSError) as error:
        raise DependencyError(f"no migrated database answers at {engine.url}: run `upswing migrate`") from error
    finally:
        await engine.dispose()


def _now() -> int:
    return time.time_ns() // 1_000_000
