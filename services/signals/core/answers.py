"""What each person has answered: the latest two NPS answers, whatever the order in which they arrive.

Answers that name nobody are those of one person. An answer not later than the erasure of the person is no person's;
of the same instant the erasure, a fact, comes first. Source: definitions 3, 15 and 67.
"""

from services.signals.core.account import Account
from services.signals.core.people_state import Answer
from services.signals.core.user import User

KEPT = 2


def note(account: Account, user_id: str | None, user: User | None, answer: Answer) -> None:
    """Note an NPS answer of a user, or of nobody known."""
    if user is None or user_id is None:
        people = account.head.people
        before, people.answers = people.answers, _with(people.answers, answer)
        account.people.fell(None, before, people.answers)
    elif user.erased is None or answer[1] >= user.erased[0]:
        before = user.answers or ()
        user.answers = _with(before, answer)
        account.people.fell(user_id, before, user.answers)


def forget(account: Account, user_id: str, user: User) -> None:
    """Take away what a user had answered before the erasure."""
    before, erased = user.answers or (), user.erased
    staying = tuple(answer for answer in before if erased is None or answer[1] >= erased[0])
    user.answers = staying or None
    account.people.fell(user_id, before, staying)


def _with(known: tuple[Answer, ...], answer: Answer) -> tuple[Answer, ...]:
    return tuple(sorted([*known, answer], key=lambda one: one[1:])[-KEPT:])
