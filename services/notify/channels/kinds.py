"""The port of a channel, and what the row of a kind says."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Protocol

import msgspec

from services.notify.channels.receiver import Receiver
from services.notify.core.card import Card
from services.notify.core.decide import Ability
from services.notify.core.schedule import Outcome, Sent
from services.notify.core.smtp import Smtp
from services.notify.core.words import Action
from shared.kernel.errors import ConfigurationError

SECRET = "secret:"  # noqa: S105 - the prefix with which the routes file names a secret of the settings

UNPACED_WORKERS = 4  # a channel without a pace may send several at once; its messages keep their own order

Text = Annotated[str, msgspec.Meta(min_length=1)]
IntervalMs = Annotated[int, msgspec.Meta(ge=0, le=3_600_000)]
Workers = Annotated[int, msgspec.Meta(ge=1, le=16)]


class ChannelOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the routes file may say about any channel. Units: `interval_ms` the least time between two messages."""

    interval_ms: IntervalMs | None = None
    workers: Workers | None = None


class Environment(msgspec.Struct, frozen=True):
    """What channels are made with.

    Shape: `secrets` maps names to values, from the settings; `buttons` says whether alerts may have buttons to press.

    Units: `owner_wait_ms` is how long a mail to the owner of a lead that is not known yet waits, in milliseconds.
    """

    receiver: Receiver
    secrets: Mapping[str, str]
    slack_api_url: str
    smtp: Smtp | None
    send_timeout_s: float
    allow_local_urls: bool
    buttons: bool = False
    owner_wait_ms: int = 0

    def reveal(self, value: str, where: str) -> str:
        """Return a value of the routes file, or the secret that it names. Errors: `ConfigurationError`."""
        if not value.startswith(SECRET):
            return value
        name = value.removeprefix(SECRET)
        if not self.secrets.get(name):
            raise ConfigurationError(f"{where} names the secret {name!r}, which the settings do not hold")
        return self.secrets[name]


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to send. Shape: `key` names it, the same at each repeat; `ref` is where its message is shown already.

    `owner_may_come`: the lead, and with it its owner, is not known yet. Units: `decided_at` an instant in milliseconds.
    """

    key: str
    action: Action
    card: Card
    owner_email: str | None
    ref: dict[str, str] | None
    decided_at: int
    owner_may_come: bool = False


class Channel(Protocol):
    """One configured channel."""

    target: str

    async def send(self, parcel: Parcel, now_ms: int) -> Outcome:
        """Send, and return what became of it; never raises for what a receiver does."""

    async def find(self, parcel: Parcel) -> Sent | None:
        """Return where a parcel is whose answer was lost, or None when it is not there or cannot be looked for."""


class Stored:
    """A channel that sends nothing: what was decided is stored, and asked for by whom `target` names."""

    def __init__(self, target: str) -> None:
        self.target = target

    async def send(self, parcel: Parcel, now_ms: int) -> Outcome:  # noqa: ARG002 - the port's signature
        """Say that it is delivered: what was sent again by hand is stored like everything else."""
        return Sent()

    async def find(self, parcel: Parcel) -> Sent | None:  # noqa: ARG002 - the port's signature
        """Return that it is there: it always is."""
        return Sent()


class ChannelKind(msgspec.Struct, frozen=True, kw_only=True):
    """The row of a kind. Units: `interval_ms` the default least time between two messages of one channel."""

    kind: str
    what: str
    ability: Ability
    options: type[ChannelOptions]
    open: Callable[[str, Any, Environment], Channel]
    interval_ms: int
    workers: int


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """One channel of the routes file, ready to send."""

    name: str
    kind: ChannelKind
    channel: Channel
    interval_ms: int
    workers: int


def configure(
    name: str, spec: dict[str, Any], kinds: Mapping[str, ChannelKind], environment: Environment
) -> Configured:
    """Return a channel of the routes file. Errors: `ConfigurationError`: the path, what was found, what is allowed."""
    rest = dict(spec)
    kind = kinds.get(str(rest.pop("kind", "")))
    where = f"channels.{name}"
    if kind is None:
        allowed = ", ".join(sorted(kinds))
        raise ConfigurationError(f"{where}.kind is {spec.get('kind')!r:.60}; allowed: {allowed}")
    try:
        options = msgspec.convert(rest, kind.options)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where} cannot be used: {error}") from None
    interval_ms = kind.interval_ms if options.interval_ms is None else options.interval_ms
    return Configured(
        name=name,
        kind=kind,
        channel=kind.open(where, options, environment),
        interval_ms=interval_ms,
        workers=options.workers or (kind.workers if interval_ms else UNPACED_WORKERS),
    )
