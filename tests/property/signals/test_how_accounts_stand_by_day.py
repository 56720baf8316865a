"""Acts, mentions, requests and health by day against lists of what happened: late ones, jumps, pruning and restarts."""

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.signals.core import standing
from services.signals.core.account import KEPT_DAYS, PRUNE_EVERY_DAYS, Account, new_account
from services.signals.core.pages import PageDecoder, encode_page
from services.signals.core.recent import RecentIds
from services.signals.core.state import Days, Head
from services.signals.core.terms import Terms
from services.signals.core.user import Users
from services.signals.core.windows import day_sum
from shared.kernel.events.capability_requested import CapabilityRequested, CapabilityRequestedProperties
from tests.oracle.writing import playbook

TERMS = Terms(playbook())
WINDOW = TERMS.month_days
FEATURES = frozenset({"sso", "roles"})
HEADS, DAYS = PageDecoder(Head), PageDecoder(Days)
ago = st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 2 * WINDOW), st.integers(0, KEPT_DAYS - 1))
scores = st.none() | st.integers(0, 10_000).map(lambda hundredths: Fraction(hundredths, 100)) | st.fractions(0, 100)


def account_of(head: Head, days: Days) -> Account:
    """Return the account in these pages, prepared."""
    account = Account(head, days, [Users()], RecentIds(3_600_000))
    TERMS.refresh(account)
    return account


class Standing(RuleBasedStateMachine):
    """One account, and what has happened to it: the days of each."""

    @initialize()
    def begin(self) -> None:
        """Begin on a day without a past."""
        self.account = account_of(*new_account("acme", 20_000))
        self.acts: list[int] = []
        self.mentions: list[int] = []
        self.requests: list[tuple[int, str | None, str | None]] = []
        self.health: dict[int, Fraction | None] = {}

    @property
    def today(self) -> int:
        """The account's day."""
        return self.account.head.today

    @rule(days_ago=ago)
    def act(self, days_ago: int) -> None:
        """Let somebody act, today or earlier; a rule waits for the next act within the window, and no other."""
        reached = standing.acts(self.account) + 1
        self.account.watch_acts = reached - self.account.acts_before
        looked = standing.acted(self.account, self.today - days_ago, TERMS)
        self.acts.append(self.today - days_ago)
        assert looked is (days_ago < WINDOW)

    @rule(days_ago=ago)
    def mention(self, days_ago: int) -> None:
        """Let a competitor be mentioned."""
        assert standing.mentioned(self.account, self.today - days_ago)
        self.mentions.append(self.today - days_ago)

    @rule(
        days_ago=ago,
        product=st.sampled_from([None, "", "Insights", " INSIGHTS", "Connect"]),
        feature=st.sampled_from([None, "sso", "roles", "imports"]),
    )
    def ask(self, days_ago: int, product: str | None, feature: str | None) -> None:
        """Let somebody ask for a product, a feature, both or neither."""
        properties = CapabilityRequestedProperties(product=product, feature=feature)
        event = CapabilityRequested(id="e", account_id="acme", occurred_at=0, properties=properties)
        standing.requested(self.account, event, self.today - days_ago, TERMS)
        self.requests.append((self.today - days_ago, product, feature))

    @rule(passed=st.sampled_from([1, 1, 2, 5, 29, 30, 31, 200, KEPT_DAYS]), score=scores)
    def midnight(self, passed: int, score: Fraction | None) -> None:
        """Let days pass, one midnight after the other, all with the same health."""
        head = self.account.head
        given: Any = score
        head.facts = {"health_score": (given, 0, "app", "e"), "seats": (None, 0, "app", "e")}
        for _ in range(passed):
            standing.close_day(self.account, TERMS)
            head.today += 1
            TERMS.turn(self.account)
            standing.record_health(self.account, TERMS)
            self.account.now = None
            self.health[head.today] = score
        head.facts = {}
        self.account.prune()

    @rule()
    def restart(self) -> None:
        """Go on from the pages."""
        head, days = encode_page(self.account.head), encode_page(self.account.days)
        self.account = account_of(HEADS.decode(head), DAYS.decode(days))

    @invariant()
    def every_value_is_what_its_definition_says(self) -> None:
        """Over all that has happened."""
        if not hasattr(self, "account"):
            return
        first, kept = self.today - WINDOW, self.account.days.standing
        assert standing.acts(self.account) == sum(first < day <= self.today for day in self.acts)
        for days in (30, 180, 400):
            since = self.today - days
            assert day_sum(kept.mentions, self.today, days) == sum(since < day for day in self.mentions)
            asked = [
                (product or "").strip().casefold() == "insights" or feature in FEATURES
                for day, product, feature in self.requests
                if day > since
            ]
            assert standing.requests(self.account, "insights", FEATURES, days) == sum(asked)
            recorded = [self.health.get(day) for day in range(since + 1, self.today + 1)]
            known = [pair and Fraction(*pair) for pair in standing.recorded(self.account, days)]
            assert set(known) == set(recorded)
            assert standing.peak(self.account, days) == max((v for v in recorded if v is not None), default=None)

    @invariant()
    def nothing_is_kept_for_ever(self) -> None:
        """At most what two prunings, now and then, leave between them."""
        if not hasattr(self, "account"):
            return
        kept, most = self.account.days.standing, 2 * KEPT_DAYS + PRUNE_EVERY_DAYS
        assert max(len(kept.acts), len(kept.mentions), len(kept.health)) <= most


TestStanding = Standing.TestCase
