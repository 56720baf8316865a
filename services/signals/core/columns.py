"""What the short way must know of events, taken from them while the processor has them at hand.

A decoded event is many objects; of thousands that wait for their turn each would have to be fetched from memory anew.
So an event is kept only as columns of its account, and decoded again, from its line, when it goes the clear way.
Source: design (throughput).
"""

from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded

INDEX_BITS = 20
MOST_EVENTS = 1 << INDEX_BITS  # of a unit
INDEX = MOST_EVENTS - 1
OTHER = -1
Words = dict[str, str]


class Columns:
    """The events of one account in a unit, in their order.

    Shape: a mark is the instant in milliseconds, shifted by `INDEX_BITS`, and the number of the event in the unit. A
    use of a feature has a name, and a metric if it adds to one; a recorded quantity has a metric and no name, a session
    neither; a quantity of `OTHER` stands for whatever the short way does not take.
    """

    __slots__ = ("ids", "marks", "metrics", "names", "quantities", "sources", "users")

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.marks: list[int] = []
        self.sources: list[str] = []
        self.users: list[str | None] = []
        self.names: list[str] = []
        self.metrics: list[str] = []
        self.quantities: list[int] = []

    def add(self, event: Event, index: int, words: Words) -> None:
        """Note an event; `words` holds each of the few words that come again and again once."""
        at_ms: int = event.occurred_at  # type: ignore[assignment]  # the codec has settled it
        self.marks.append(at_ms << INDEX_BITS | index)
        self.ids.append(event.id)
        self.users.append(event.user_id)
        source = event.source
        self.sources.append(words.setdefault(source, source))
        name = metric = ""
        quantity = OTHER
        if isinstance(event, FeatureUsed):
            used = event.properties
            if not used.mentions_competitor and type(used.quantity) is int:
                name = words.setdefault(used.feature, used.feature)
                quantity = used.quantity
                if used.metric is not None:
                    metric = words.setdefault(used.metric, used.metric)
        elif isinstance(event, UsageRecorded):
            given = event.properties
            if not given.mentions_competitor and given.cost is None and type(given.quantity) is int:
                metric = words.setdefault(given.metric, given.metric)
                quantity = given.quantity
        elif isinstance(event, SessionStarted) and not event.properties.mentions_competitor:
            quantity = 0
        self.names.append(name)
        self.metrics.append(metric)
        self.quantities.append(quantity)

    @property
    def last_index(self) -> int:
        """The number of the last event in the unit."""
        return self.marks[-1] & INDEX


Groups = dict[str, Columns]


def gather(groups: Groups, words: Words, events: list[Event], index: int) -> None:
    """Put events, the first of which is the unit's `index`-th, to those of their account."""
    for event in events:
        name = event.account_id
        columns = groups.get(name)
        if columns is None:
            columns = groups[name] = Columns()
        columns.add(event, index, words)
        index += 1
