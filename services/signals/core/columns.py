"""What the short way must know of events, taken from them while the processor has them at hand.

A decoded event is many objects; of thousands that wait for their turn each would have to be fetched from memory anew.
So an event is kept only as columns of its account, and decoded again, from its line, when it goes the clear way.
Source: design (throughput).
"""

from bisect import bisect_right

from librt.vecs import append, vec
from mypy_extensions import i64, mypyc_attr

from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_used import FeatureUsed, FeatureUsedProperties
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded, UsageRecordedProperties
from shared.kernel.plain_events import PlainFeatureUsed, PlainUsageRecorded
from shared.kernel.quantities import millionths

INDEX_BITS = 20
MOST_EVENTS = 1 << INDEX_BITS  # of a unit
INDEX = MOST_EVENTS - 1
OTHER = -1
TEXTS = 4  # of each event
Words = dict[str, str]


@mypyc_attr(acyclic=True)
class Columns:
    """The events of one account in a unit, in their order.

    Shape: a mark is the instant in milliseconds, shifted by `INDEX_BITS`, and the number of the event in the unit. Of
    each event `texts` has four: its id, its user, its feature and its metric, empty where there is none. A use of a
    feature has a feature, and a metric if it adds to one; a recorded quantity has a metric alone, a session neither; a
    quantity of `OTHER` stands for whatever the short way does not take. `costs` are the costs of the few quantities
    that have one, by place, in millionths. `sources` are the sources that follow upon the `first` one, `begins` the
    place of the first event of each; mostly there are none.

    Many an account gets one event of a unit, and the collector looks at every container: so there are few.
    """

    __slots__ = ("begins", "costs", "first", "last", "marks", "quantities", "sources", "texts")

    def __init__(self, source: str) -> None:
        self.texts: list[str] = []
        self.marks: vec[i64] = vec[i64]()
        self.quantities: vec[i64] = vec[i64]()
        self.first = self.last = source
        self.sources: list[str] | None = None
        self.begins: list[int] | None = None
        self.costs: dict[int, int] | None = None

    def turn_to(self, source: str) -> None:
        """Note that the events from now on are of another source."""
        self.last = source
        if self.sources is None or self.begins is None:
            self.sources, self.begins = [], []
        self.sources.append(source)
        self.begins.append(len(self.marks))

    def say(self, name: str, metric: str, quantity: int) -> None:
        """Note what an event says."""
        self.texts.append(name)
        self.texts.append(metric)
        self.quantities = append(self.quantities, i64(quantity))

    def say_other(self, event: Event, words: Words) -> None:
        """Note what an event says that is no use of a feature like nearly all of them."""
        kind = type(event)
        if kind is PlainUsageRecorded or kind is UsageRecorded:
            given: UsageRecordedProperties = event.properties  # type: ignore[attr-defined]  # or of the same fields
            quantity, cost = given.quantity, given.cost
            if not given.mentions_competitor and type(quantity) is int and (cost is None or type(cost) is int):
                if cost is not None:
                    costs = self.costs
                    if costs is None:
                        costs = self.costs = {}
                    costs[len(self.quantities)] = millionths(cost)
                metric = given.metric
                self.say("", words.setdefault(metric, metric), quantity)
                return
        elif kind is FeatureUsed:
            self.say_use(event.properties, words)  # type: ignore[attr-defined]  # it has some
            return
        elif kind is SessionStarted and not event.properties.mentions_competitor:  # type: ignore[attr-defined]  # as above
            self.say("", "", 0)
            return
        self.say("", "", OTHER)

    def say_use(self, used: FeatureUsedProperties, words: Words) -> None:
        """Note the use of a feature."""
        quantity = used.quantity
        if used.mentions_competitor or type(quantity) is not int:
            self.say("", "", OTHER)
            return
        name, metric = used.feature, used.metric
        self.say(words.setdefault(name, name), "" if metric is None else words.setdefault(metric, metric), quantity)

    def event_id(self, place: int) -> str:
        """Return the id of an event."""
        return self.texts[TEXTS * place]

    def source(self, place: int) -> tuple[str, int]:
        """Return the source of an event, and the place of the next event of another."""
        if self.sources is None or self.begins is None:
            return self.first, len(self.marks)
        number = bisect_right(self.begins, place)
        end = self.begins[number] if number < len(self.begins) else len(self.marks)
        return self.sources[number - 1] if number else self.first, end

    @property
    def last_index(self) -> int:
        """The number of the last event in the unit."""
        return int(self.marks[-1] & INDEX)


Groups = dict[str, Columns]


def gather(groups: Groups, words: Words, events: list[Event], index: int) -> None:
    """Put events, the first of which is the unit's `index`-th, to those of their account.

    Shape: `words` holds what comes again and again, names and users, once: the same text made anew for each event would
    have to be fetched from memory each time.
    """
    for event in events:
        account, source = event.account_id, event.source
        columns = groups.get(account)
        if columns is None:
            columns = groups[account] = Columns(words.setdefault(source, source))
        elif columns.last != source:
            columns.turn_to(words.setdefault(source, source))
        at_ms: int = event.occurred_at  # type: ignore[assignment]  # the codec has settled it
        columns.marks = append(columns.marks, i64(at_ms << INDEX_BITS | index))
        columns.texts.append(event.id)
        user_id = event.user_id
        columns.texts.append("" if user_id is None else words.setdefault(user_id, user_id))
        index += 1
        if type(event) is PlainFeatureUsed:
            columns.say_use(event.properties, words)  # type: ignore[arg-type]  # of the same fields
        else:
            columns.say_other(event, words)
