"""What a score says: a firing, one rule's marks, what the accounts did, and all of it together."""

import msgspec


class Firing(msgspec.Struct, frozen=True):
    """One trigger. Units: days since 1970.

    Shape: `records` are all that was written of it; `alerts`: it fired, was released, or only the loading of history
    held it, so that it would have been an alert on its day.
    """

    trigger_id: str
    rule: str
    kind: str
    scope: str | None
    level: str | None
    account_id: str
    day: int
    records: frozenset[str]
    gate_passes: bool
    alerts: bool


class Example(msgspec.Struct, frozen=True):
    """One miss, or one firing without a situation, so that a person can look."""

    account_id: str
    scope: str | None
    day: str
    what: str


class RuleScore(msgspec.Struct, kw_only=True):
    """One rule's score.

    Shape: of the `situations` some are `unseeable` (what was sent never shows them); the others are `noticed` or
    `missed`. Of the `levels` that were reached, `levels_noticed` fired on their day. Firings are `right`, `misled`
    (what was sent shows it and it is not true) or `wrong`. `followed` are the accounts that fired and then expanded, of
    `fired_accounts`.
    """

    rule: str
    situations: int = 0
    unseeable: int = 0
    noticed: int = 0
    missed: int = 0
    firings: int = 0
    right: int = 0
    misled: int = 0
    wrong: int = 0
    precision: float | None = None
    recall: float | None = None
    recall_of_real: float | None = None
    levels: int = 0
    levels_noticed: int = 0
    median_delay_days: float | None = None
    fired: int = 0
    held: int = 0
    released: int = 0
    resolved: int = 0
    fired_accounts: int = 0
    followed: int = 0
    precision_by_outcome: float | None = None
    examples_missed: list[Example] = []
    examples_wrong: list[Example] = []


class Outcomes(msgspec.Struct, kw_only=True):
    """What came of it. Units: `horizon_days` is how long after a firing an expansion counts.

    Shape: `base_rate` is the share of all accounts that expanded; `lift` is precision over it; alerts are firings that
    nothing but the loading of history held; `precision` and `recall` are of accounts.
    """

    horizon_days: int
    accounts: int
    expanded: int
    base_rate: float | None
    fired_accounts: int
    fired_and_expanded: int
    precision: float | None
    lift: float | None
    fired_before: int
    recall: float | None
    alerted_accounts: int
    alerted_and_expanded: int
    precision_of_alerts: float | None
    lift_of_alerts: float | None
    examples_not_foreseen: list[Example]


class Score(msgspec.Struct, kw_only=True):
    """All of it.

    Shape: `rules` are those that the truth judges; `not_judged` counts the firings of others, `outside` those on days
    that do not belong to the story: of these the truth says nothing.
    """

    rules: list[RuleScore]
    overall: RuleScore
    outcomes: Outcomes
    gate_accounts: int
    gate_passed: int
    gate_pass_share: float | None
    not_judged: dict[str, int]
    not_built: list[str]
    starving: dict[str, list[str]]
    unknown_accounts: int
    outside: int
