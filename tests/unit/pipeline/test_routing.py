"""Who owns a lead. Source: playbook section 8, definition 64."""

import pytest

from services.pipeline.core.routing import Colleague, Pool, choose_role, task_role
from shared.kernel.people import Person
from shared.kernel.playbook.bounds import Deal
from shared.kernel.triggers import EstimatedAcv
from tests.support.pipeline.samples import NOON
from tests.support.playbooks import shipped

BOOK = shipped()


def role(deal: Deal, amount: float | None, segment: str = "enterprise", currency: str = "USD") -> str:
    """Return the role that owns a deal."""
    acv = None if amount is None else EstimatedAcv(amount, currency, "seats")
    owner = choose_role(deal, segment, acv, BOOK.ownership, "USD")
    assert owner.reason
    return owner.role


@pytest.mark.parametrize(
    ("deal", "amount", "owner"),
    [
        ("seats", 19_999.99, "csm"),
        ("seats", 20_000, "ae"),
        ("tier", 24_999.99, "csm"),
        ("tier", 25_000, "ae"),
        ("usage", 10**9, "csm"),
        ("cross_sell", 1, "ae"),
        ("cross_sell", None, "ae"),
        ("executive", None, "ae"),
        ("other", 19_999, "csm"),
        ("other", 20_000, "ae"),
        ("seats", None, "csm"),
    ],
)
def test_the_owner_follows_from_type_and_size(deal: Deal, amount: float | None, owner: str) -> None:
    """Customer success owns seats below 20,000, tiers below 25,000 and all usage; the AE the rest."""
    assert role(deal, amount) == owner


@pytest.mark.parametrize("deal", ["seats", "tier", "usage", "cross_sell", "executive", "other"])
def test_accounts_of_pooled_segments_go_to_the_pool(deal: Deal) -> None:
    """SMB is served by the pool, whatever the deal."""
    assert role(deal, 10**6, segment="smb") == "pool"


def test_an_add_on_is_owned_by_whoever_talks_about_it() -> None:
    """Whatever it costs, but for the pool."""
    owner = choose_role("other", "enterprise", EstimatedAcv(10**6, "USD", "add-on"), BOOK.ownership, "USD", "csm")
    assert (owner.role, owner.reason) == ("csm", "the playbook names csm for conversations about this add-on")
    assert choose_role("other", "smb", None, BOOK.ownership, "USD", "ae").role == "pool"


def test_an_amount_in_another_currency_is_not_compared() -> None:
    """A number without a rate says nothing about the line, and the reason says so."""
    owner = choose_role("seats", "enterprise", EstimatedAcv(10**6, "JPY", "seats"), BOOK.ownership, "USD")
    assert owner.role == "csm"
    assert owner.reason == "JPY cannot be compared with the limit of 20000 USD"


@pytest.mark.parametrize(
    ("given", "segment", "owner"),
    [("csm", "smb", "pool"), ("ae", "smb", "pool"), ("ops", "smb", "ops"), ("csm", "enterprise", "csm")],
)
def test_a_task_belongs_to_the_role_of_its_play_or_to_the_pool(given: str, segment: str, owner: str) -> None:
    """Only roles that an account has to itself are replaced by the pool."""
    assert task_role(given, segment, BOOK.ownership) == owner


def person(name: str, *roles: str, capacity: int | None = None, segments: tuple[str, ...] = ()) -> Person:
    """Return a colleague."""
    return Person(
        person_id=name,
        name=name.title(),
        email=f"{name}@example.com",
        roles=roles,
        capacity=capacity,
        segments=segments,
    )


def taken(pool: Pool, named: str | None = None, owner_role: str = "csm", segment: str = "enterprise") -> str | None:
    """Return who takes the next lead."""
    one = pool.take(owner_role, segment, {} if named is None else {owner_role: named}, NOON)
    return one.person_id if one else None


@pytest.mark.parametrize("named", ["cleo", "Cleo", " CLEO@example.com "])
def test_the_account_names_its_own_by_id_name_or_address(named: str) -> None:
    """Facts are written by people: case and outer blanks do not matter."""
    pool = Pool([Colleague(person("pam", "pool"), 0, None), Colleague(person("cleo", "csm", capacity=0), 99, NOON)])
    assert taken(pool, named) == "cleo", "one's own account is taken, full or not"


def test_somebody_nobody_knows_is_replaced_by_the_pool() -> None:
    """A name that is in nobody's list must not leave a lead without an owner."""
    assert taken(Pool([Colleague(person("pam", "pool"), 0, None)]), "Zoe") == "pam"
    assert taken(Pool([Colleague(person("pam", "pool"), 0, None)])) == "pam"


def test_without_a_pool_those_who_are_csms_take_turns() -> None:
    """An installation of csms only leaves no lead without an owner; a pool that is full is still a pool."""
    csms = [Colleague(person(name, "csm"), 0, None) for name in ("cara", "cleo")]
    pool = Pool(csms)
    assert [taken(pool) for _ in range(3)] == ["cara", "cleo", "cara"]
    assert taken(pool, owner_role="pool") is None
    assert taken(Pool([*csms, Colleague(person("pam", "pool", capacity=0), 0, None)])) is None
    assert taken(Pool([*csms, Colleague(person("pam", "pool", segments=("smb",)), 0, None)])) == "cara"


def test_a_lead_of_the_account_executive_is_not_the_pools() -> None:
    """Of several account executives, those take turns."""
    pool = Pool([Colleague(person("pam", "pool"), 0, None)])
    assert taken(pool, owner_role="ae") is None
    pool = Pool([Colleague(person("abe", "ae"), 0, None), Colleague(person("ann", "ae"), 0, None)])
    assert [taken(pool, owner_role="ae") for _ in range(4)] == ["abe", "ann", "abe", "ann"]


def test_the_pool_takes_turns_within_one_millisecond_and_after_a_restart() -> None:
    """Whoever has waited longest is next; the turns are to be kept."""
    pool = Pool([Colleague(person(name, "pool"), 0, None) for name in ("pam", "pit", "pol")])
    assert [taken(pool) for _ in range(5)] == ["pam", "pit", "pol", "pam", "pit"]
    again = Pool([Colleague(person(name, "pool"), 0, pool.assigned[name]) for name in ("pam", "pit", "pol")])
    assert taken(again) == "pol"


def test_who_is_full_is_passed_over_and_when_all_are_nobody_takes_it() -> None:
    """Capacity counts what is open and what was taken just now."""
    pool = Pool(
        [Colleague(person("pam", "pool", capacity=2), 1, None), Colleague(person("pit", "pool", capacity=0), 0, None)]
    )
    assert [taken(pool), taken(pool)] == ["pam", None]


def test_who_serves_some_segments_takes_no_leads_of_others() -> None:
    """Without segments a colleague serves all."""
    pool = Pool(
        [Colleague(person("pam", "pool", segments=("smb",)), 0, None), Colleague(person("pit", "pool"), 0, NOON)]
    )
    assert taken(pool, segment="enterprise") == "pit"
    assert taken(pool, segment="smb", owner_role="pool") == "pam"


def test_a_colleague_without_an_address_is_found_by_name() -> None:
    """The address is optional."""
    pool = Pool([Colleague(Person(person_id="u1", name="Una", roles=("csm",)), 0, None)])
    assert taken(pool, "una") == "u1"
