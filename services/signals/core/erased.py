"""Who has been erased: a salted digest in place of each id, so that what comes late still does not count.

A page holds the digests that fall to it by their own bits, so that each lies in one page however often the pages
double. Who is heard of again lies in the pages by name only when there is something to keep since the erasure.
Source: definitions 3, 13 and 67.
"""

from hashlib import blake2b

from services.signals.core.account import Account, user_page_number
from services.signals.core.state import Moment
from services.signals.core.user import User, Users

ABOUT_USERS = frozenset({"nps_drop"})  # rules whose scope is a person
PERSONAL_FACTS = frozenset({"csm", "ae", "exec_sponsor", "champion"})
DIGEST_BYTES = 16


def digest(account: Account, user_id: str) -> bytes:
    """Return what is kept of an erased user's id: salted by the account, so that it says nothing in any other."""
    return _salted(account, blake2b(user_id.encode(), digest_size=DIGEST_BYTES).digest())


def _salted(account: Account, plain: bytes) -> bytes:
    salt = account.head.account_id.encode()
    return blake2b(plain + salt, digest_size=DIGEST_BYTES, person=b"upswing erased").digest()


def page_of(name: bytes, pages: list[Users]) -> int:
    """Return the number of the page in which a digest lies."""
    return int.from_bytes(name[:4], "big") & (len(pages) - 1)


def adopt(account: Account) -> None:
    """Take in the digests of loaded pages; those without salt, which pages of before hold, are salted."""
    for number, page in enumerate(account.users):
        for plain, gone in page.gone.items():
            name = _salted(account, plain)
            target = page_of(name, account.users)
            known = account.users[target].forgotten
            known[name] = max(gone, known.get(name, gone))
            account.dirty_users |= {number, target}
        page.gone.clear()
    account.forgotten = sum(len(page.forgotten) for page in account.users)


def recall(account: Account, user_id: str, user: User) -> None:
    """Tell a user who is heard of what an erasure has left; `settle` decides whether it is a new person."""
    name = digest(account, user_id)
    gone = account.users[page_of(name, account.users)].forgotten.get(name)
    if gone is not None:
        user.cut, user.erased = gone
        account.returned.add(user_id)


def bury(account: Account, user_id: str, user: User, moment: Moment) -> None:
    """Take a user of whom nothing is left out of the pages; the digest stays."""
    name = digest(account, user_id)
    number = page_of(name, account.users)
    known = account.users[number].forgotten
    account.forgotten += name not in known
    known[name] = (user.cut or moment, user.erased or moment)
    held_in = user_page_number(user_id, len(account.users))
    del account.users[held_in].users[user_id]
    account.dirty_users |= {number, held_in}


def settle(account: Account) -> None:
    """Before pages are written, decide about who was heard of after an erasure: a new person, or only late word."""
    for user_id in account.returned:
        held_in = account.users[user_page_number(user_id, len(account.users))]
        user = held_in.users.get(user_id)
        if user is None or user.erased is None:
            continue
        if is_blank(user):
            bury(account, user_id, user, user.erased)
            continue
        name = digest(account, user_id)
        number = page_of(name, account.users)
        del account.users[number].forgotten[name]
        account.forgotten -= 1
        account.dirty_users.add(number)
    account.returned.clear()


def is_blank(user: User) -> bool:
    """Tell whether nothing is kept of a user but when they left."""
    return (
        user.last_ms < 0
        and user.viewed_ms < 0
        and not user.answers
        and user.given is None
        and not len(user.core_cells)
        and user.department is None
    )


def is_gone(account: Account, user_id: str, moment: Moment) -> bool:
    """Tell whether a person had not been erased yet at a moment, but is now."""
    user = account.users[user_page_number(user_id, len(account.users))].users.get(user_id)
    if user is not None:
        return user.erased is not None and moment <= user.erased
    if not account.forgotten:
        return False
    name = digest(account, user_id)
    gone = account.users[page_of(name, account.users)].forgotten.get(name)
    return gone is not None and moment <= gone[1]


def unname(account: Account, user_id: str, gone: Moment) -> None:
    """Take a person out of what was judged, of open triggers, of what is parked, and of the facts of before.

    Who is erased is nobody's sponsor, champion or owner any more: such a fact is then known to be none.
    """
    for field, register in account.head.facts.items():
        if field in PERSONAL_FACTS and register[0] == user_id and register[1:] <= gone:
            account.head.facts[field] = (None, *register[1:])
    for values in account.days.judged.values():
        for measure in values or ():
            account.days_dirty = measure.forget(user_id) or account.days_dirty
    for episode in account.episodes.values():
        if episode.measure is not None:
            episode.measure.forget(user_id)
    account.episodes.shown.clear()
    account.parked = {key for key in account.parked if key[1] != user_id or key[0] not in ABOUT_USERS}
    account.changed = True
