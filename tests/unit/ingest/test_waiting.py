"""Letters that wait for an account: by whom they wait for, in bounded memory, with what must be read again."""

import msgspec

from services.ingest.core.waiting import LETTER_BYTES, WaitingRoom
from shared.kernel.dead_letters import DeadLetter, as_retaken
from shared.kernel.errors import Reason

ADA, BOB, VISITOR = ("web", "ada"), ("web", "bob"), ("web", "v1")


def _letter(letter_id: str, user_id: str | None = "ada", **more: object) -> DeadLetter:
    line = msgspec.json.encode({"id": letter_id, "user_id": user_id, "account_id": None}).decode()
    letter = DeadLetter(
        letter_id=letter_id,
        service="ingest",
        reason=Reason.ACCOUNT_UNKNOWN,
        field="account_id",
        message="who?",
        line=line,
        origin="/v1/track",
        at=1,
        source="web",
    )
    return msgspec.structs.replace(letter, **more)


def _names(room: WaitingRoom, *users: tuple[str, str], most: int = 10) -> list[str]:
    return [waiting.letter.letter_id for waiting in room.of(users, most)]


def test_a_letter_waits_for_its_user_and_for_the_visitor_that_the_user_was() -> None:
    """Whoever becomes known first; letters come in the order in which they were read."""
    room = WaitingRoom(1 << 20)
    for number, letter in enumerate(
        [_letter("b", anonymous_id="v1"), _letter("a"), _letter("c", None, anonymous_id="v1")]
    ):
        assert room.take(letter, (0, number), b"k") is not None
    assert room.take(_letter("d", "bob"), (1, 0), None) is not None
    assert _names(room, ADA) == ["b", "a"]
    assert _names(room, VISITOR) == ["b", "c"]
    assert _names(room, ADA, VISITOR, BOB) == ["b", "a", "c", "d"]
    assert _names(room, ADA, VISITOR, most=1) == ["b"]
    room.remove("b")
    room.remove("b")
    assert _names(room, VISITOR) == ["c"]
    assert [room.waits_for(user) for user in (ADA, BOB, VISITOR, ("app", "ada"))] == [True, True, True, False]
    room.remove("d")
    assert not room.waits_for(BOB)
    assert len(room) == 2


def test_what_cannot_become_known_does_not_wait() -> None:
    """Letters of others, with other troubles, without anybody, cut ones, and what is no event at all."""
    room = WaitingRoom(1 << 20)
    for letter in (
        _letter("a", service="signals"),
        _letter("a", reason=Reason.OUT_OF_RANGE),
        _letter("a", None),
        _letter("a", line='{"id":"a","user_id":"ad'),
        _letter("a", line="[]"),
        as_retaken(_letter("a"), "acme", 5),
    ):
        assert room.take(letter, (0, 0), None) is None
    assert (len(room), room.used) == (0, 0)


def test_the_record_that_a_letter_was_retaken_ends_its_waiting() -> None:
    """And the same event refused once more waits again."""
    room = WaitingRoom(1 << 20)
    room.take(_letter("a"), (0, 0), None)
    room.take(as_retaken(_letter("a"), "acme", 5), (0, 1), None)
    assert (len(room), room.used, room.first(0)) == (0, 0, None)
    room.take(_letter("a"), (0, 2), None)
    room.take(_letter("a"), (0, 3), None)
    assert (len(room), room.first(0)) == (1, 3)


def test_reading_begins_again_at_the_oldest_letter_that_waits() -> None:
    """In each partition by itself; without one, nothing has to be read again."""
    room = WaitingRoom(1 << 20)
    for offset in (3, 7, 9):
        room.take(_letter(f"l{offset}"), (2, offset), None)
    assert (room.first(2), room.first(1)) == (3, None)
    room.remove("l3")
    assert room.first(2) == 7
    room.clear()
    assert (room.first(2), len(room), room.used) == (None, 0, 0)


def test_when_there_is_no_room_the_oldest_gives_way() -> None:
    """It stays on the topic, and is counted; one that is too large for all the room does not wait either."""
    size = LETTER_BYTES + len(_letter("a").line)
    room = WaitingRoom(2 * size)
    for offset, name in enumerate("abc"):
        room.take(_letter(name), (0, offset), None)
    assert (_names(room, ADA), room.left, room.used) == (["b", "c"], 1, 2 * size)
    assert room.first(0) == 1
    assert room.take(_letter("d", line='{"user_id":"ada","x":"' + "x" * 2 * size + '"}'), (0, 3), None) is None
    assert (len(room), room.used) == (0, 0)
