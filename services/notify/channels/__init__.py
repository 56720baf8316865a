"""The channels. One channel is one file that ends in its row, and one line here."""

from services.notify.channels import email, in_app, log, slack_api, slack_webhook
from services.notify.channels.kinds import ChannelKind

CHANNEL_KINDS: tuple[ChannelKind, ...] = (slack_webhook.KIND, slack_api.KIND, email.KIND, in_app.KIND, log.KIND)
BY_KIND: dict[str, ChannelKind] = {kind.kind: kind for kind in CHANNEL_KINDS}
