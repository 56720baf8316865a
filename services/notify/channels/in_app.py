"""In-app prompts: the product asks for them (`GET /v1/prompts/{account_id}`), so to store one is to deliver it."""

from services.notify.channels.kinds import Channel, ChannelKind, ChannelOptions, Environment, Parcel
from services.notify.core.decide import Ability
from services.notify.core.schedule import Outcome, Sent


class InAppOptions(ChannelOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options: none of its own."""


class InApp:
    """Prompts inside the product."""

    target = "the product"

    async def send(self, parcel: Parcel, now_ms: int) -> Outcome:  # noqa: ARG002 - the port's signature
        """Say that it is delivered: what was sent again by hand is stored like everything else."""
        return Sent()

    async def find(self, parcel: Parcel) -> Sent | None:  # noqa: ARG002 - the port's signature
        """Return that it is there: it always is."""
        return Sent()


def open_channel(where: str, options: InAppOptions, environment: Environment) -> Channel:  # noqa: ARG001 - the port's signature
    """Return the channel."""
    return InApp()


KIND = ChannelKind(
    kind="in_app",
    what="a prompt inside the product, which asks for it",
    ability=Ability(stores=True, prompts=True),
    options=InAppOptions,
    open=open_channel,
    interval_ms=0,
    workers=1,
)
