"""What every piece of work needs besides its transaction: the playbook, the calendars, the names of the topics."""

import msgspec

from services.pipeline.core.stages import check_model
from services.pipeline.settings import Settings
from services.pipeline.workdays import Workdays
from shared.io.playbooks import read_playbook
from shared.kernel.playbook import Playbook
from shared.kernel.topics import Topic


class Context(msgspec.Struct, frozen=True):
    """The rules that are in force. Shape: `prefix` goes before each topic's name."""

    playbook: Playbook
    workdays: Workdays
    prefix: str = ""

    def topic(self, topic: Topic) -> str:
        """Return a topic's name on this broker."""
        return self.prefix + topic.name


def make_context(settings: Settings) -> Context:
    """Return the context that the settings name.

    Errors: `ConfigurationError` for a playbook that cannot be read or used, or a country that is not known.
    """
    playbook = read_playbook(settings.playbook)
    check_model(playbook.csql)
    return Context(playbook, Workdays(settings.holidays), settings.topic_prefix)
