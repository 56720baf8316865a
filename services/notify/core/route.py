"""Routing: which channels hear about a trigger, from a declarative table.

The first route whose matchers all hold decides, unless it says `continue`. Source: playbook section 8.
"""

from typing import Annotated, Any, get_args

import msgspec

from services.notify.core.silence import Facts
from shared.kernel.errors import ConfigurationError
from shared.kernel.triggers import Kind

KINDS = get_args(Kind)
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", title="name")]


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a route wants. Shape: a list holds the values allowed, an empty one allows all; `owner`: people or roles."""

    segment: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    level: tuple[str | None, ...] = ()
    owner: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse kinds that no trigger has. Errors: `ValueError`, which decoding reports with its path."""
        for kind in self.kind:
            if kind not in KINDS:
                raise ValueError(f"kind is {kind!r:.60}; allowed: {', '.join(KINDS)}")

    def holds(self, facts: Facts) -> bool:
        """Return whether the facts are wanted."""
        return (
            _among(_folded(facts.segment), tuple(_folded(name) for name in self.segment))
            and _among(facts.kind, self.kind)
            and _among(facts.rule, self.rule)
            and _among(facts.level, self.level)
            and (not self.owner or facts.owner in self.owner or facts.owner_role in self.owner)
        )


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"goes_on": "continue"}):
    """One row of the table."""

    name: Name
    to: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    match: Match = Match()
    goes_on: bool = False


class RoutingTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The routes file. Shape: `channels` maps a name to its kind and that kind's options, which its own file checks."""

    channels: dict[Name, dict[str, Any]]
    routes: Annotated[tuple[Route, ...], msgspec.Meta(min_length=1)]


class Routing(msgspec.Struct, frozen=True):
    """The answer: the channels, in the order of the table, and the routes that named them."""

    channels: tuple[str, ...]
    routes: tuple[str, ...]


def parse_table(document: object) -> RoutingTable:
    """Return the routing table of a parsed routes file.

    Errors: `ConfigurationError` naming the path, what was found and what is allowed.
    """
    try:
        table = msgspec.convert(document, RoutingTable)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"the routes file cannot be used: {error}") from None
    for number, route in enumerate(table.routes):
        for channel in route.to:
            if channel not in table.channels:
                known = ", ".join(sorted(table.channels)) or "none"
                raise ConfigurationError(
                    f"the routes file cannot be used: routes[{number}].to names channel {channel!r}; there are: {known}"
                )
    return table


def route(routes: tuple[Route, ...], facts: Facts) -> Routing:
    """Return where a trigger goes; no channels when no route wants it."""
    channels: dict[str, None] = {}
    names: list[str] = []
    for row in routes:
        if row.match.holds(facts):
            channels.update(dict.fromkeys(row.to))
            names.append(row.name)
            if not row.goes_on:
                break
    return Routing(tuple(channels), tuple(names))


def default_routes(slack: tuple[str, ...], email: tuple[str, ...], in_app: str) -> tuple[Route, ...]:
    """Return the routes of playbook section 8 for the channels there are.

    SMB expansion goes into the product and by e-mail (to Slack where there is no e-mail), everything else to Slack (by
    e-mail where there is no Slack). What is for ops has a row of its own, to be seen in the log of deliveries.
    """
    return (
        Route("ops", slack or email, Match(kind=("ops",))),
        Route("smb-expansion", (in_app, *(email or slack)), Match(segment=("smb",), kind=("expansion",))),
        Route("everything-else", slack or email),
    )


def _among(value: str | None, allowed: tuple[str | None, ...]) -> bool:
    return not allowed or value in allowed


def _folded(segment: str) -> str:
    """Return a segment's name as its key: `Mid-Market` and `mid_market` are one."""
    return segment.strip().casefold().replace("-", "_").replace(" ", "_")
