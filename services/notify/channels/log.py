"""The log of deliveries alone: what is decided is kept there (`GET /v1/deliveries`), and goes nowhere. A dry run."""

from services.notify.channels.kinds import Channel, ChannelKind, ChannelOptions, Environment, Stored
from services.notify.core.decide import Ability


def open_channel(where: str, options: ChannelOptions, environment: Environment) -> Channel:  # noqa: ARG001 - the port's signature
    """Return the channel."""
    return Stored("the log of deliveries")


KIND = ChannelKind(
    kind="log",
    what="nowhere but the log of deliveries: a dry run",
    ability=Ability(stores=True),
    options=ChannelOptions,
    open=open_channel,
    interval_ms=0,
    workers=1,
)
