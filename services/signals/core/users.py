"""What happens to a user: activity, provisioning, departure, erasure.

Account-wide counts move with the user, so that they stay the sum over the users. Source: definitions 2, 3, 13, 67, 77.
"""

from services.signals.core import acts, answers, departments, erased, seats
from services.signals.core.account import USERS_PER_PAGE, Account, user_page_number
from services.signals.core.state import NEVER, Moment
from services.signals.core.terms import Terms
from services.signals.core.user import User, Users
from shared.kernel.clock import DAY_MS


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
        if account.forgotten:
            erased.recall(account, user_id, user)
        _take_in(account, page, user_id, user)
    return user


def welcome(account: Account, user_id: str, user: User) -> None:
    """Take in a user, unless they are known already; the page is marked to be written."""
    number = user_page_number(user_id, len(account.users))
    account.dirty_users.add(number)
    page = account.users[number]
    if user_id not in page.users:
        _take_in(account, page, user_id, user)


def _take_in(account: Account, page: Users, user_id: str, user: User) -> None:
    page.users[user_id] = user
    if len(page.users) > USERS_PER_PAGE:
        _grow(account)


def known(account: Account, user_id: str) -> User | None:
    """Return the user, None when nothing is kept of one."""
    return account.users[user_page_number(user_id, len(account.users))].users.get(user_id)


def _grow(account: Account) -> None:
    """Double the user pages and spread the users anew."""
    pages = account.head.user_pages * 2
    spread = [Users() for _ in range(pages)]
    for page in account.users:
        for user_id, user in page.users.items():
            spread[user_page_number(user_id, pages)].users[user_id] = user
        for name, gone in page.forgotten.items():
            spread[erased.page_of(name, spread)].forgotten[name] = gone
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
    department = user.department
    if department is not None:
        account.people.acted_in(department, old_day, day)
    if old_day is None:
        account.people.woke(user)
    elif old_day > account.head.today - terms.shortest_days:
        return False
    before = -1 if old_day is None else old_day
    grew = _window_grew(account, before, day, terms)
    if department is not None and departments.filled(account, department, before, day, terms):
        account.watch_active, grew = 0, True  # the rules are looked at, however many are active
    return grew


def _window_grew(account: Account, before: int, day: int, terms: Terms) -> bool:
    """Count a user whose latest day was `before`, and is `day` now, in the windows that it has come into."""
    today = account.head.today
    oldest = today - terms.month_days
    if day > oldest >= before:
        account.active_month += 1
        account.raised("active_share_percent")
    oldest, filled = today - terms.health_days, False
    if day > oldest >= before:
        account.active_health += 1
        filled = account.active_health >= account.watch_health
    oldest = today - terms.active_days
    grew = day > oldest >= before
    if grew:
        account.active_rule += 1
    if filled:
        account.watch_active = 0  # the rules are looked at, however many are active
    return grew or filled


def core_used(account: Account, user: User, feature: str, at_ms: int, day: int, terms: Terms) -> None:
    """Note that a user used a core feature, for the departments that have adopted it (definition 25)."""
    if user.cut is not None and at_ms < user.cut[0]:
        return
    place = user.core_place(feature)
    last_ms = user.core_ms(place)
    if at_ms <= last_ms:
        return
    user.use_core(place, feature, at_ms)
    if user.department is None:
        return
    old_day = last_ms // DAY_MS if last_ms >= 0 else None
    if day != old_day:
        account.core_seen(feature, user.department).move(old_day, day)
        oldest = account.head.today - terms.adopted_window_days
        if old_day is None or old_day <= oldest:
            account.raised("core_departments")


def provisioned(account: Account, user_id: str, department: str | None, moment: Moment) -> None:
    """Give a user a seat."""
    account.head.provisioned_known = True
    user = find(account, user_id)
    account.uncount_user(user)
    if department is not None:
        departments.named(account, department, moment[0] // DAY_MS)
        if moment > (user.erased or NEVER) and moment > (user.department_at or NEVER):
            user.department, user.department_at = department, moment
    if moment > (user.cut or NEVER):
        seats.give(user, moment)
    user.share()
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
    used = user.core
    if used is not None:
        user.core = {feature: used_ms for feature, used_ms in used.items() if used_ms >= moment[0]} or None
    seats.take(user, moment)


def erase(account: Account, user_id: str, moment: Moment) -> None:
    """Forget a person; what comes later under the same id is a new person (definition 67)."""
    user = find(account, user_id)
    account.uncount_user(user)
    _cut(user, moment)
    user.erased = max(moment, user.erased or NEVER)
    erased.unname(account, user_id, user.erased)
    if user.department_at is not None and user.department_at <= user.erased:
        user.department = user.department_at = None
    if user.viewed_ms < user.erased[0]:
        user.viewed_ms = -1
    answers.forget(account, user_id, user)
    if erased.is_blank(user):
        erased.bury(account, user_id, user, moment)
    else:
        account.count_user(user)
