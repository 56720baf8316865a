"""Who belongs to which account: group, identify, alias and page views."""

import msgspec

from shared.kernel.events.account_updated import AccountUpdated
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.user_provisioned import UserProvisioned
from tests.support.intake import NOW, log_lines, make_world, only, reasons, take

ACME = {"groupId": "acme"}


def test_group_is_an_account_updated_with_reserved_and_own_traits() -> None:
    """Segment has employees as text; null clears a fact; what nobody knows is left out."""
    traits = {"name": "Acme", "employees": "120", "industry": "tools", "seats": 50, "plan": None, "avatar": "x"}
    line = only(take("/v1/group", {"userId": "ada", "groupId": 42, "traits": traits}))
    assert isinstance(line, AccountUpdated)
    facts = line.properties
    assert (line.account_id, facts.name, facts.employees, facts.seats, facts.plan) == ("42", "Acme", 120, 50, None)
    assert facts.status is msgspec.UNSET
    assert only(take("/v1/group", {"groupId": "g", "traits": None})).account_id == "g"
    assert reasons(take("/v1/group", {"groupId": "g", "traits": {"employees": "11-50"}}))[0][1] == "wrong_type"


def test_a_group_call_names_the_account_of_what_the_user_does_later() -> None:
    """Also for an anonymous visitor, and for the user that the visitor turns out to be."""
    world = make_world()
    take("/v1/group", {"userId": "ada", "anonymousId": "v1", "groupId": "acme"}, world)
    assert only(take("/v1/track", {"event": "X", "userId": "ada"}, world)).account_id == "acme"
    assert only(take("/v1/track", {"event": "X", "anonymousId": "v1"}, world)).user_id is None
    assert only(take("/v1/track", {"event": "X", "userId": "new", "anonymousId": "v1"}, world)).account_id == "acme"
    alias = take("/v1/alias", {"previousId": "v1", "userId": "bob"}, world)
    assert (alias.accepted, alias.groups) == (1, {})
    assert only(take("/v1/track", {"event": "X", "userId": "bob"}, world)).account_id == "acme"
    assert take("/v1/alias", {"previousId": "nobody", "userId": "eve"}, world).identities == []


def test_identities_are_per_source() -> None:
    """`ada` of another product is another person."""
    world = make_world()
    take("/v1/group", {"userId": "ada", "groupId": "acme"}, world, source="web")
    assert reasons(take("/v1/track", {"event": "X", "userId": "ada"}, world, source="app"))[0][1] == "account_unknown"


def test_a_group_call_later_in_the_same_batch_names_the_account_too() -> None:
    """SDKs call identify before group."""
    intake = take(
        "/v1/batch",
        {"batch": [{"type": "identify", "userId": "ada"}, {"type": "group", "userId": "ada", "groupId": "acme"}]},
    )
    assert [line.account_id for line in log_lines(intake)] == ["acme", "acme"]
    assert [(identity.user_id, identity.account_id) for identity in intake.identities] == [("ada", "acme")]


def test_the_account_may_stand_in_the_groups_of_a_call() -> None:
    """The default playbook looks at `$groups`; a number or an absurd length is no account."""
    assert only(take("/v1/track", {"event": "X", "properties": {"$groups": {"company": "acme"}}})).account_id == "acme"
    for wrong in (5, "", "x" * 257):
        intake = take("/v1/track", {"event": "X", "properties": {"$groups": {"company": wrong}}})
        assert reasons(intake)[0][1] == "account_unknown"


def test_page_views_of_a_user_within_a_slot_are_one_session() -> None:
    """Definition 76: the id is derived from user and half hour, so repetition is duplication."""
    slot = NOW - NOW % 1_800_000

    def view(user: dict[str, str], at: int) -> str:
        return take("/v1/page", user | {"context": ACME, "timestamp": at, "messageId": f"m{at}"}).ids[0]

    ada = {"userId": "ada"}
    assert view(ada, slot - 1_800_000) == view(ada, slot - 1) != view(ada, slot)
    assert view(ada, slot) != view({"userId": "bob"}, slot)
    assert view({"anonymousId": "v"}, slot) == view({"anonymousId": "v"}, slot + 1)
    assert view({}, slot) == f"m{slot}"
    line = only(take("/v1/screen", {"anonymousId": "v", "context": ACME}))
    assert isinstance(line, SessionStarted)
    assert line.user_id is None


def test_a_repeated_group_call_is_nothing_new_for_the_topic() -> None:
    """Most group calls of an SDK say what was said before; until the topic has it, each of them says it again."""
    world = make_world()
    call = {"userId": "ada", "groupId": "acme"}
    for _ in range(2):
        (identity,) = take("/v1/group", call, world).identities
    world.identities.read(identity)
    assert take("/v1/group", call, world).identities == []


def test_identify_is_a_user_provisioned_with_the_mapped_traits() -> None:
    """Rudder's SDKs put the traits into the context."""
    traits = {"department": "Finance", "role": "admin", "email": "ada@example.com", "phone": "1"}
    plain = only(take("/v1/identify", {"userId": 7, "traits": traits, "context": ACME}))
    rudder = only(take("/v1/identify", {"userId": 7, "context": ACME | {"traits": traits}}))
    for line in (plain, rudder):
        assert isinstance(line, UserProvisioned)
        assert line.user_id == "7"
        assert (line.properties.department, line.properties.role) == ("Finance", "admin")
    ((sent,),) = take("/v1/identify", {"userId": 7, "traits": traits, "context": ACME}).groups.values()
    assert b"phone" not in bytes(sent.properties)


def test_the_country_may_stand_in_the_address_as_segment_has_it() -> None:
    """A trait `country` goes before it."""
    for traits, country in (
        ({"address": {"city": "Bonn", "country": "DE"}}, "DE"),
        ({"address": {"country": "DE"}, "country": "AT"}, "AT"),
        ({"address": "Bonn"}, msgspec.UNSET),
    ):
        line = only(take("/v1/group", {"groupId": "acme", "traits": traits}))
        assert isinstance(line, AccountUpdated)
        assert line.properties.country == country
