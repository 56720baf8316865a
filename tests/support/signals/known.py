"""What an engine knows of its accounts, whenever it was flushed: in a form to compare, and as a hash."""

import hashlib
from typing import Any

import msgspec
from msgspec.structs import asdict

from services.signals.core import erased
from services.signals.core.account import Account
from services.signals.core.engine import Engine

__all__ = ["state_hash", "states"]

BY_FLUSHES = frozenset({"segments", "user_keys", "version", "sums", "sums_today"})  # sums: see `_state`


def states(engine: Engine) -> dict[str, dict[str, Any]]:
    """Return what an engine knows, account by account, without what depends on when it was flushed."""
    return {account.head.account_id: _state(engine, account) for account in engine.state.shelf.each()}


def state_hash(known: dict[str, dict[str, Any]]) -> str:
    """Return a hash of what is known of accounts."""
    return hashlib.sha256(repr(sorted(known.items())).encode()).hexdigest()


def _state(engine: Engine, account: Account) -> dict[str, Any]:
    """Return one account's state. Who came back after an erasure and left again may lie there by name or by digest."""
    clock_ms = max(account.head.clock_ms, engine.state.meta.ticked_at)
    recent = account.recent
    ids = {
        (source, name): at
        for part in (recent._old, recent._new)
        for source, known in part.items()
        for name, at in known.items()
    }
    users = {name: user for page in account.users for name, user in page.users.items()}
    blank = {name: user for name, user in users.items() if user.erased is not None and erased.is_blank(user)}
    known: dict[str, Any] = {
        **{f"head.{name}": value for name, value in asdict(account.head).items() if name not in BY_FLUSHES},
        "sums": {name: (metric.first_day, metric.cells) for name, metric in account.metrics.items() if metric.cells},
        **{f"days.{name}": value for name, value in asdict(account.days).items() if name not in BY_FLUSHES | {"stamp"}},
        "users": {name: user.row() for name, user in users.items() if name not in blank},
        "forgotten": {name: gone for page in account.users for name, gone in page.forgotten.items()}
        | {erased.digest(account, name): (user.cut, user.erased) for name, user in blank.items()},
        "recent": {key: at for key, at in ids.items() if clock_ms - at <= recent.window_ms},
    }
    return {
        name: repr(msgspec.to_builtins(value, order="deterministic", builtin_types=(bytes,)))
        for name, value in known.items()
    }
