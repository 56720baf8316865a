"""What happens to a user: activity, provisioning, departure, erasure.

Account-wide counts move with the user, so that they stay the sum over the users. Source: definitions 2, 3, 13, 67, 77.
"""

from hashlib import blake2b

from services.signals.core import acts, day_rules
from services.signals.core.account import USERS_PER_PAGE, Account, user_page_number
from services.signals.core.pages import NO_STAMP, SCHEMA_VERSION
from services.signals.core.state import NEVER, Moment, User, UserPage
from services.signals.core.terms import Terms
from shared.kernel.clock import DAY_MS


def digest(user_id: str) -> bytes:
    """Return what is kept of an erased user's id."""
    return blake2b(user_id.encode(), digest_size=16).digest()


def find(account: Account, user_id: str) -> User:
    """Return the user, made when first heard of; the page is marked to be written."""
    held_in = account.users
    number = 0 if len(held_in) == 1 else user_page_number(user_id, len(held_in))
    page = held_in[number]
    if number not in account.dirty_users:
        account.dirty_users.add(number)
    user = page.users.get(user_id)
    if user is None:
        user = User()
        if page.gone:
            gone = page.gone.pop(digest(user_id), None)
            if gone is not None:
                user.cut, user.erased = gone
        page.users[user_id] = user
        if len(page.users) > USERS_PER_PAGE:
            _grow(account)
    return user


def _grow(account: Account) -> None:
    """Double the user pages and spread the users anew."""
    pages = account.head.user_pages * 2
    spread = [UserPage(SCHEMA_VERSION, NO_STAMP, {}, {}) for _ in range(pages)]
    for page in account.users:
        for user_id, user in page.users.items():
            spread[user_page_number(user_id, pages)].users[user_id] = user
        for name, gone in page.gone.items():  # a digest cannot be spread by its id: every page may hold it
            for target in spread:
                target.gone[name] = max(gone, target.gone.get(name, gone))
    account.users = spread
    account.head.user_pages = pages
    account.dirty_users = set(range(pages))


def active(account: Account, user: User, at_ms: int, day: int, terms: Terms) -> bool:
    """Note activity; tell whether the number of active users of the rule's window has grown."""
    if user.cut is not None and at_ms < user.cut[0]:
        acts.note_first(account, day)
        return False
    last_ms = user.last_ms
    if at_ms <= last_ms:
        acts.count_late(account, user, at_ms)
        return False
    user.last_ms = at_ms
    old_day = last_ms // DAY_MS if last_ms >= 0 else None
    if day == old_day:
        acts.count_more(user, last_ms)
        return False
    acts.count_first(account, user, old_day, day)
    account.active.move(old_day, day)
    if old_day is not None and old_day > account.head.today - terms.shortest_days:
        return False
    return _window_grew(account, -1 if old_day is None else old_day, day, terms)


def _window_grew(account: Account, before: int, day: int, terms: Terms) -> bool:
    """Count a user whose latest day was `before`, and is `day` now, in the windows that it has come into."""
    today = account.head.today
    oldest = today - terms.month_days
    if day > oldest >= before:
        account.active_month += 1
        account.gate_cache = None
    oldest = today - terms.active_days
    if day > oldest >= before:
        account.active_rule += 1
        return True
    return False


def core_used(account: Account, user: User, feature: str, at_ms: int, day: int, terms: Terms) -> None:
    """Note that a user used a core feature, for the departments that have adopted it (definition 25)."""
    if user.cut is not None and at_ms < user.cut[0]:
        return
    core = user.core
    if core is None:
        core = user.core = {}
    last_ms = core.get(feature, -1)
    if at_ms <= last_ms:
        return
    core[feature] = at_ms
    if user.department is None:
        return
    old_day = last_ms // DAY_MS if last_ms >= 0 else None
    if day != old_day:
        account.core_seen(feature, user.department).move(old_day, day)
        oldest = account.head.today - terms.adopted_window_days
        if old_day is None or old_day <= oldest:
            account.gate_cache = None


def provisioned(account: Account, user_id: str, department: str | None, moment: Moment) -> None:
    """Give a user a seat."""
    account.head.provisioned_known = True
    user = find(account, user_id)
    account.uncount_user(user)
    if department is not None and moment > (user.erased or NEVER) and moment > (user.department_at or NEVER):
        user.department, user.department_at = department, moment
    if moment > (user.cut or NEVER) and moment > (user.given or NEVER):
        user.given = moment
    account.count_user(user)


def deactivated(account: Account, user_id: str, moment: Moment) -> None:
    """Take a user's seat away; activity before does not count any more."""
    user = find(account, user_id)
    account.uncount_user(user)
    _cut(user, moment)
    account.count_user(user)


def _cut(user: User, moment: Moment) -> None:
    if moment <= (user.cut or NEVER):
        return
    user.cut = moment
    acts.cut(user, moment)
    if user.last_ms < moment[0]:
        user.last_ms = -1
    if user.core:
        user.core = {feature: used_ms for feature, used_ms in user.core.items() if used_ms >= moment[0]} or None
    if user.given is not None and user.given <= moment:
        user.given = None


def erased(account: Account, user_id: str, moment: Moment) -> None:
    """Forget a person; what comes later under the same id is a new person (definition 67)."""
    user = find(account, user_id)
    account.uncount_user(user)
    day_rules.forget(account, user_id)
    _cut(user, moment)
    user.erased = max(moment, user.erased or NEVER)
    if user.department_at is not None and user.department_at <= user.erased:
        user.department = user.department_at = None
    if user.last_ms < 0 and user.given is None and user.core is None and user.department is None:
        page = account.users[user_page_number(user_id, account.head.user_pages)]
        del page.users[user_id]
        page.gone[digest(user_id)] = (user.cut or moment, user.erased)
    else:
        account.count_user(user)
