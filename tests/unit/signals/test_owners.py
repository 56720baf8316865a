"""Who owns what a trigger leads to, and what goes with it to the account executive (playbook section 8)."""

import pytest

from services.signals.core.account import Account, new_account
from services.signals.core.recent import RecentIds
from services.signals.core.recommend import Scope, estimate, recommend
from services.signals.core.rules import BY_NAME
from services.signals.core.terms import Terms
from services.signals.core.user import Users
from shared.kernel.clock import day_of
from shared.kernel.playbook import Playbook
from shared.kernel.triggers import EstimatedAcv, Handoff, Recommendation
from tests.oracle.writing import instant, playbook

NOW = instant("2026-03-06 10:00")
NOTHING: Scope = (None, None)


def account(**facts: object) -> Account:
    """Return an account that these facts are known of."""
    head, days = new_account("acme", day_of(NOW))
    head.facts = {name: (value, 0, "crm", name) for name, value in facts.items()}
    return Account(head, days, [Users()], RecentIds(3_600_000))


def advice(
    rule: str,
    worth: EstimatedAcv | None,
    scope: Scope = NOTHING,
    *,
    segment: str = "Mid-Market",
    book: Playbook | None = None,
    known: Account | None = None,
) -> Recommendation:
    """Return what a rule recommends for a worth."""
    terms = Terms(book or playbook())
    return recommend(known or account(segment=segment), terms, BY_NAME[rule], None, worth, NOW, scope)


def usd(amount: float) -> EstimatedAcv:
    """Return a worth in the playbook's currency."""
    return EstimatedAcv(amount, "USD", "made up")


@pytest.mark.parametrize(
    ("rule", "deal", "worth", "owner"),
    [
        ("seat_saturation", "seats", usd(19_999.99), "csm"),
        ("seat_saturation", "seats", usd(20_000), "ae"),
        ("usage_ceiling", "tier", usd(24_999.99), "csm"),
        ("usage_ceiling", "tier", usd(25_000), "ae"),
        ("seat_saturation", "usage", usd(1e9), "csm"),
        ("cross_sell_fit", "cross_sell", usd(0), "ae"),
        ("cross_sell_fit", "cross_sell", None, "ae"),
        ("contract_milestone", "executive", usd(1), "ae"),
        ("contract_milestone", "executive", None, "ae"),
        ("gated_exploration", "other", usd(19_999.99), "csm"),
        ("gated_exploration", "other", usd(20_000), "ae"),
        ("usage_ceiling", "tier", None, "csm"),
        ("usage_ceiling", "tier", EstimatedAcv(1e9, "EUR", "made up"), "csm"),
        ("cross_sell_fit", "cross_sell", EstimatedAcv(1, "EUR", "made up"), "ae"),
    ],
)
def test_the_owner_goes_by_the_kind_and_the_size_of_the_deal(
    rule: str, deal: str, worth: EstimatedAcv | None, owner: str
) -> None:
    """What is not known, or in a currency that cannot be compared, is no reason to hand over."""
    play = getattr(playbook().rules, rule).play
    book = playbook({f"plays.{play}.deal": deal})
    assert advice(rule, worth, book=book).owner_role == owner
    assert advice(rule, worth, book=book, segment="Enterprise").owner_role == owner
    assert advice(rule, worth, book=book, segment="SMB").owner_role == "pool"


@pytest.mark.parametrize(("owner", "worth"), [("csm", usd(1e9)), ("ae", usd(1))])
def test_an_add_on_is_talked_about_by_its_own_conversation_owner(owner: str, worth: EstimatedAcv) -> None:
    """Whatever it costs; the smallest accounts are the pool's."""
    book = playbook({"addons.Bulk Import.conversation_owner": owner})
    scope: Scope = ("addon", "Bulk Import")
    found = advice("gated_exploration", worth, scope, book=book)
    assert found.owner_role == owner
    assert found.bridge == book.addons["Bulk Import"].bridge
    assert advice("gated_exploration", worth, scope, book=book, segment="SMB").owner_role == "pool"


@pytest.mark.parametrize(
    ("rule", "segment", "owner"),
    [
        ("health_critical", "Mid-Market", "csm"),
        ("health_critical", "Enterprise", "csm"),
        ("health_critical", "SMB", "pool"),
        ("milestone_missed", "Mid-Market", "csm"),
    ],
)
def test_a_task_is_owned_by_whom_its_play_names(rule: str, segment: str, owner: str) -> None:
    """An executive's escalation is no executive deal."""
    assert advice(rule, None, segment=segment).owner_role == owner


def test_a_role_of_a_play_that_is_no_seller_stays_in_the_pool_too() -> None:
    """Support is support."""
    book = playbook({"plays.executive_escalation.owner_role": "support"})
    assert advice("health_critical", None, segment="SMB", book=book).owner_role == "support"


@pytest.mark.parametrize(
    ("scope", "worth"),
    [
        (("product", "Insights"), EstimatedAcv(9_600, "USD", "cross-sell: Insights")),
        (("addon", "Bulk Import"), EstimatedAcv(1_800, "USD", "add-on: Bulk Import")),
        (("product", "gone"), EstimatedAcv(1_200, "EUR", "guess: 10 % of ARR")),
        (("addon", "gone"), EstimatedAcv(1_200, "EUR", "guess: 10 % of ARR")),
        (("feature", "sso"), EstimatedAcv(1_200, "EUR", "guess: 10 % of ARR")),
    ],
)
def test_products_and_add_ons_are_worth_a_year_of_their_price(scope: Scope, worth: EstimatedAcv) -> None:
    """800 and 150 a month, in the currency of the prices; what the playbook does not sell is guessed from revenue."""
    known = account(mrr=1_000_000_000, currency="EUR")
    assert estimate(known, Terms(playbook()), "cross_sell_fit", scope) == worth


def test_a_lead_of_the_account_executive_comes_with_a_brief() -> None:
    """Usage, champion, goals and timing, as far as they are known; the quote is due within a day."""
    known = account(
        segment="Enterprise",
        seats=50,
        plan="Growth",
        champion="Carl",
        exec_sponsor=True,
        renews_on=day_of(NOW) + 45,
        budget_month=4,
    )
    known.active_month = 41
    known.head.primary_outcome, known.head.milestones = True, ("first_dashboard",)
    facts = {
        "usage": "41 of 50 seats active in 30 days on the plan Growth",
        "champion": "champion Carl, sponsor",
        "goals": "reached: primary outcome, first_dashboard",
        "timing": "renews on 2026-04-20, in 45 days, budget in month 4",
    }
    assert advice("cross_sell_fit", None, known=known).handoff == Handoff(facts, 24)


def test_a_brief_leaves_out_what_nobody_knows_and_what_the_playbook_does_not_want() -> None:
    """A renewal that is over is not told either; what we have no facts for is for people to add."""
    book = playbook({"ownership.handoff_brief": ["timing", "usage", "champion", "goals", "history"]})
    known = account(segment="Enterprise", renews_on=day_of(NOW) - 1)
    assert advice("cross_sell_fit", None, known=known, book=book).handoff == Handoff(
        {"usage": "0 users active in 30 days"}, 24
    )


def test_nobody_hands_over_what_stays_with_customer_success() -> None:
    """Nor a task."""
    assert advice("usage_ceiling", usd(1)).handoff is None
    book = playbook({"plays.executive_escalation.owner_role": "ae"})
    task = advice("health_critical", None, book=book)
    assert (task.owner_role, task.handoff) == ("ae", None)
