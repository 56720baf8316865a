"""What ingest remembers: identities, recent ids, bytes in flight, tokens, partitions and names."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.identities import Identities
from services.ingest.core.instants import REMEMBERED_TEXTS, Instants
from services.ingest.core.partition import REMEMBERED_ACCOUNTS, Places, make_partitioner
from services.ingest.core.quota import ByteBudget, EventQuota
from services.ingest.core.recent import RecentIds
from shared.kernel.identities import Identity
from shared.kernel.ids import partition_for

NOW = 1_790_000_000_000


def _identity(account_id: str, at: int, user_id: str = "ada") -> Identity:
    return Identity(source="web", user_id=user_id, account_id=account_id, at=at)


def test_the_latest_group_call_of_a_user_stands_in_whatever_order_they_arrive() -> None:
    """Only what changes an account, or is not known to the topic yet, is worth a record."""
    identities = Identities()
    assert identities.account_of("web", "ada") is None
    assert identities.learn(_identity("a", 5))
    assert not identities.learn(_identity("b", 4))
    assert identities.account_of("web", "ada") == "a"
    identities.read(_identity("a", 5))
    assert not identities.learn(_identity("a", 6))
    assert not identities.learn(_identity("b", 5))
    assert identities.learn(_identity("b", 6))
    assert identities.account_of("web", "ada") == "b"
    assert len(identities) == 1


def test_what_was_learned_is_owed_until_the_topic_has_it() -> None:
    """A call repeated after a 503 writes the link again, and so does time: a crash after it loses nothing."""
    identities = Identities()
    assert identities.learn(_identity("a", 5))
    assert identities.account_of("web", "ada") == "a"
    assert identities.learn(_identity("a", 6))
    assert not identities.learn(_identity("b", 4))
    assert identities.overdue(10) == []
    assert identities.overdue(10) == [(("web", "ada"), _identity("a", 6))]
    assert identities.overdue(0) == []
    identities.read(_identity("a", 6))
    assert identities.overdue(10) == []
    assert not identities.learn(_identity("a", 7))


def test_a_record_of_another_process_that_knew_less_is_written_over() -> None:
    """Else compaction would keep the older call, because its record came last."""
    identities = Identities()
    identities.read(_identity("new", 10))
    identities.read(_identity("old", 5))
    assert identities.account_of("web", "ada") == "new"
    identities.overdue(10)
    assert identities.overdue(10) == [(("web", "ada"), _identity("new", 10))]
    identities.read(_identity("newest", 11))
    assert identities.overdue(10) == []
    assert identities.account_of("web", "ada") == "newest"


def test_a_forgotten_user_is_unknown() -> None:
    """Forgetting somebody who is not known does no harm."""
    identities = Identities()
    identities.learn(_identity("a", 1))
    assert identities.sources_of("ada") == ["web"]
    identities.forget("web", "ada")
    identities.forget("web", "ada")
    identities.forget("app", "ada")
    assert identities.account_of("web", "ada") is None
    assert identities.account_of("app", "ada") is None
    assert identities.sources_of("ada") == []


def test_that_a_user_is_forgotten_is_owed_to_the_topic_too() -> None:
    """An erasure that is repeated after a 503 is written again, though nobody knows the user any more."""
    identities = Identities()
    identities.learn(_identity("a", 1))
    identities.forget("web", "ada", owed=True)
    assert identities.sources_of("ada") == ["web"]
    identities.overdue(10)
    assert identities.overdue(10) == [(("web", "ada"), None)]
    identities.forget("web", "ada")
    assert identities.sources_of("ada") == []
    assert identities.overdue(10) == []
    identities.forget("web", "ada", owed=True)
    assert identities.learn(_identity("b", 2))
    identities.read(_identity("b", 2))
    assert identities.overdue(10) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-2_000, 4_000_000_000_000), st.sampled_from("uvw"))))
def test_the_map_is_the_latest_call_of_each_user(calls: list[tuple[str, int, str]]) -> None:
    """Whatever accounts and instants share a number; of two calls at one instant the later record stands."""
    identities = Identities()
    expected: dict[str, tuple[int, str]] = {}
    for account, at, user in calls:
        identities.read(_identity(account, at, user))
        if user not in expected or expected[user][0] <= at:
            expected[user] = (at, account)
    assert {user: identities.account_of("web", user) for user in expected} == {
        user: account for user, (_, account) in expected.items()
    }


def test_a_user_costs_the_id_and_ninety_bytes() -> None:
    """Measured, so that what the documentation says stays true; before, it was about 250 bytes."""
    names = [f"user-{number:031d}" for number in range(20_000)]
    identities = Identities()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number, name in enumerate(names):
        identities.read(_identity(f"account-{number % 100}", NOW + number, name))
    each = (tracemalloc.get_traced_memory()[0] - before) / len(names)
    tracemalloc.stop()
    assert each < 100  # the ids' own texts were there before


def test_repeats_are_counted_per_source_within_a_list_and_against_earlier_ones() -> None:
    """The same id of another source is another event."""
    recent = RecentIds(100)
    assert recent.note("web", ["a", "b", "a"]) == 1
    assert recent.note("web", ["a", "c"]) == 1
    assert recent.note("app", ["a", "c"]) == 0
    assert recent.note("web", ["a", "a", "d"]) == 2


def test_recent_ids_are_forgotten_after_two_generations() -> None:
    """Memory is bounded: a generation holds `limit` ids and what one request adds."""
    recent = RecentIds(2)
    assert recent.note("web", ["a", "b", "c"]) == 0  # they are the old generation now
    assert recent.note("web", ["a"]) == 1
    assert recent.note("web", ["a", "b", "x"]) == 2  # one in both, one in the old; then these are the old ones
    assert recent.note("web", ["c"]) == 0
    assert recent.note("web", ["d", "e"]) == 0
    assert recent.note("web", ["a"]) == 0
    assert recent.note("web", ["d"]) == 1


def test_bytes_in_flight_are_bounded_and_come_back() -> None:
    """What was let in before is counted even above the limit."""
    budget = ByteBudget(10)
    assert budget.take(10)
    assert not budget.take(1)
    budget.force(5)
    budget.give(14)
    assert (budget.used, budget.take(9), budget.take(1)) == (1, True, False)


def test_a_quota_lets_a_burst_through_and_then_names_the_wait() -> None:
    """Ten a second, a burst of a hundred; refused events cost nothing; a clock that jumps back gives nothing."""
    quota = EventQuota(10, now_ms=0)
    assert quota.wait_seconds(100, 0) == 0
    assert quota.wait_seconds(1, 0) == 1
    assert quota.wait_seconds(25, 0) == 3
    assert quota.wait_seconds(25, 2_400) == 1
    assert quota.wait_seconds(25, 2_500) == 0
    assert quota.wait_seconds(1, 1_000) == 1


def test_a_body_larger_than_the_burst_passes_when_the_bucket_is_full() -> None:
    """Otherwise its sender would wait for ever; it is paid for afterwards."""
    quota = EventQuota(10, now_ms=0)
    assert quota.wait_seconds(300, 0) == 0
    assert quota.wait_seconds(1, 10_000) > 0
    assert quota.wait_seconds(300, 30_000) == 0


def test_an_account_lies_where_every_other_producer_puts_it() -> None:
    """The remembered partition is the kernel's."""
    partition_of = make_partitioner(24)
    for account in ("acme", "acme", "überall", "0"):
        assert partition_of(account) == partition_for(account, 24)


def test_accounts_and_times_are_remembered_in_bounded_memory() -> None:
    """Beyond the bound they are found anew, with the same outcome."""
    places, instants = Places(4), Instants()
    for number in range(REMEMBERED_ACCOUNTS + 1):
        assert 0 <= places[str(number)] < 4
    for number in range(REMEMBERED_TEXTS + 1):
        assert instants[number] == number
    assert len(places) == len(instants) == 1
    assert places["0"] == partition_for("0", 4)
    assert instants[7] == 7
