"""The house rules: a rule is one file and one row."""

from tests.lints import (
    clock,
    documents,
    environment,
    ignores,
    names,
    purity,
    route_bodies,
    size,
    transactions,
)
from tests.lints.lint import Lint

__all__ = ["LINTS"]

LINTS: dict[str, Lint] = {
    "clock": clock.LINT,
    "documents": documents.LINT,
    "environment": environment.LINT,
    "ignores": ignores.LINT,
    "names": names.LINT,
    "purity": purity.LINT,
    "route_bodies": route_bodies.LINT,
    "size": size.LINT,
    "transactions": transactions.LINT,
}
