"""The log of deliveries alone: what is decided is kept there (`GET /v1/deliveries`), and goes nowhere. A dry run."""

from services.notify.channels.kinds import Channel, ChannelKind, ChannelOptions, Environment, Parcel
from services.notify.core.decide import Ability
from services.notify.core.schedule import Outcome, Sent


class LogOptions(ChannelOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options: none of its own."""


class Log:
    """The log of deliveries, read by the company itself and never by its customers."""

    target = "the log of deliveries"

    async def send(self, parcel: Parcel, now_ms: int) -> Outcome:  # noqa: ARG002 - the port's signature
        """Say that it is kept: it is, once it was decided."""
        return Sent()

    async def find(self, parcel: Parcel) -> Sent | None:  # noqa: ARG002 - the port's signature
        """Return that it is there: it always is."""
        return Sent()


def open_channel(where: str, options: LogOptions, environment: Environment) -> Channel:  # noqa: ARG001 - the port's signature
    """Return the channel."""
    return Log()


KIND = ChannelKind(
    kind="log",
    what="nowhere but the log of deliveries: a dry run",
    ability=Ability(stores=True),
    options=LogOptions,
    open=open_channel,
    interval_ms=0,
    workers=1,
)
