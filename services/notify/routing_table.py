"""The channels and routes in force: from the routes file, or, without one, from the channels that the settings name."""

from pathlib import Path
from typing import Any

import msgspec
import yaml

from services.notify.channels import BY_KIND
from services.notify.channels.kinds import Configured, Environment, configure
from services.notify.core.decide import Ability
from services.notify.core.route import Route, RoutingTable, default_routes, parse_table
from services.notify.settings import Settings
from shared.kernel.errors import ConfigurationError

IN_APP = "in-app"
LOG = "log"


class Switchboard(msgspec.Struct, frozen=True):
    """The channels by name, ready to send, and the routes to them."""

    channels: dict[str, Configured]
    routes: tuple[Route, ...]

    @property
    def abilities(self) -> dict[str, Ability]:
        """What each channel can do."""
        return {name: channel.kind.ability for name, channel in self.channels.items()}

    @property
    def senders(self) -> list[str]:
        """The channels that send something."""
        return [name for name, channel in self.channels.items() if not channel.kind.ability.stores]

    @property
    def prompts(self) -> list[str]:
        """The channels whose messages the product asks for."""
        return [name for name, channel in self.channels.items() if channel.kind.ability.prompts]


def load_switchboard(settings: Settings, environment: Environment) -> Switchboard:
    """Return the channels and routes in force. Errors: `ConfigurationError`, one sentence."""
    table = default_table(settings) if settings.routes is None else read_table(settings.routes)
    channels = {name: configure(name, spec, BY_KIND, environment) for name, spec in table.channels.items()}
    return Switchboard(channels, table.routes)


def default_table(settings: Settings) -> RoutingTable:
    """Return the table of playbook section 8 for the channels that the settings name.

    Shape: when they name none, all is kept in the log of deliveries; the product still prompts where it would anyway.
    """
    channels: dict[str, dict[str, Any]] = {IN_APP: {"kind": "in_app"}}
    pace = {} if settings.slack_interval_ms is None else {"interval_ms": settings.slack_interval_ms}
    if settings.slack_token and settings.slack_channel:
        channels["slack"] = {"kind": "slack_api", **pace}
    elif settings.slack_webhook_url:
        channels["slack"] = {"kind": "slack_webhook", **pace}
    if settings.smtp:
        channels["email"] = {"kind": "email", "otherwise": list(settings.email_to)}
    slack = tuple(name for name in channels if name == "slack")
    email = tuple(name for name in channels if name == "email")
    if not slack and not email:
        channels[LOG] = {"kind": "log"}
        slack = (LOG,)
    return RoutingTable(channels, default_routes(slack, email, IN_APP))


def read_table(path: Path) -> RoutingTable:
    """Return the routing table in a file. Errors: `ConfigurationError`, one sentence."""
    try:
        return parse_table(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"the routes file {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the routes file {path} is not YAML: {' '.join(str(error).split())}") from None
