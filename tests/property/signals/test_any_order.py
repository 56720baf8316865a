"""Definition 36: on the same day, the same set of events gives the same values, in whatever order it was received."""

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.adapters import EngineSubject
from tests.oracle.writing import control, event, instant
from tests.property.signals.companies import ACCOUNTS, DAY, MINUTE_MS, PARTITION, PARTITIONS, START, users
from tests.property.signals.playbooks import PLAYBOOKS
from tests.property.signals.vocabulary import FOCUS, PROPERTIES

ACCOUNT = ACCOUNTS[0]
DAYS = 8
# What an account records on its way, and what follows from it; of acts that a departure takes away the path counts.
PATHS = {
    "limit_hit_again",
    "health_declining",
    "sustained_health",
    "contraction_risk",
    "renewal_at_risk",
    "compound",
    "power_user",
}
HAPPENINGS = st.sampled_from(sorted({kind for kinds in FOCUS.values() for kind in kinds})).flatmap(
    lambda kind: st.tuples(st.just(kind.partition("/")[0]), PROPERTIES[kind], users, st.integers(0, DAYS * DAY))
)


def values(lines: list[bytes], *, restart_at: int) -> dict[tuple[str, str | None, str | None], float]:
    """Return what is measured once an account of the last day has received everything, restarted in between."""
    last = instant(START) + (DAYS + 1) * DAY * MINUTE_MS
    subject = EngineSubject([PLAYBOOKS["small"]], PARTITION, PARTITIONS)
    subject.fold(control("tick", last))
    for number, line in enumerate(lines):
        subject.fold(line)
        if number == restart_at:
            subject.flush()
            subject.restart()
    subject.fold(control("tick", last + DAY * MINUTE_MS))  # the rules of the day are judged
    known = subject.explain(ACCOUNT)
    return {key: value for key, value in known.values.items() if key[0] not in PATHS} if known else {}


@given(st.lists(HAPPENINGS, min_size=1, max_size=25), st.data())
def test_36_values_are_of_the_set_of_events_whatever_their_order(
    happenings: list[tuple[str, dict[str, object], str | None, int]], data: st.DataObject
) -> None:
    """Facts, departures and erasures too: each counts from its own time, however late it is told."""
    lines = [
        event(kind, ACCOUNT, instant(START) + minute * MINUTE_MS, f"e{n}", user=user, properties=properties)
        for n, (kind, properties, user, minute) in enumerate(happenings)
    ]
    other = data.draw(st.permutations(lines))
    at = data.draw(st.integers(0, len(lines)))
    assert values(lines, restart_at=len(lines)) == values(other, restart_at=at)
