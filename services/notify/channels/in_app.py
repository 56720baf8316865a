"""In-app prompts: the product asks for them (`GET /v1/prompts/{account_id}`), so to store one is to deliver it."""

from services.notify.channels.kinds import Channel, ChannelKind, ChannelOptions, Environment, Stored
from services.notify.core.decide import Ability


def open_channel(where: str, options: ChannelOptions, environment: Environment) -> Channel:  # noqa: ARG001 - the port's signature
    """Return the channel."""
    return Stored("the product")


KIND = ChannelKind(
    kind="in_app",
    what="a prompt inside the product, which asks for it",
    ability=Ability(stores=True, prompts=True),
    options=ChannelOptions,
    open=open_channel,
    interval_ms=0,
    workers=1,
)
