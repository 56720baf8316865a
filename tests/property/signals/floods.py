"""Made-up floods: long runs of sessions, use and quantities of few accounts, with now and then something else.

Unlike `companies`, a value is drawn for a run of events and not for each, so that hundreds of lines come cheap.
"""

from random import Random

from hypothesis import strategies as st

from tests.oracle.writing import control, event, instant
from tests.property.signals.companies import ACCOUNTS, DAY, MINUTE_MS, START
from tests.property.signals.facts import setting
from tests.property.signals.playbooks import PLAYBOOKS

KINDS = ["feature.used"] * 6 + ["usage.recorded"] * 3 + ["session.started"] * 2
FEATURES = ["dashboards", "reports", "alerts", "sso", "roles", "automation", "other"]
METRICS = ["api_calls", "api_calls", "storage_gb", "calls"]
Line = tuple[bytes, bool]
Flood = tuple[int, float, bool, float]  # users; shares of the strange, whether all is alike, share of costs
Unusual = tuple[str, dict[str, object], int, str]


def _one(rng: Random, now: int, name: str, flood: Flood) -> bytes:
    users, strange, alike, dear = flood
    kind = "feature.used" if alike else rng.choice(KINDS)
    properties: dict[str, object] = {}
    if kind == "feature.used":
        properties["feature"] = rng.choice(FEATURES)
    if kind == "usage.recorded" or alike or (kind == "feature.used" and rng.random() < 0.6):
        metric = METRICS[0] if alike else rng.choice(METRICS)
        properties |= {"metric": metric, "quantity": rng.choice([0, 1, 1, 2, 3])}
        if kind == "usage.recorded" and rng.random() < dear:
            properties["cost"] = rng.choice([1, 1, 2, 60])
    late = 0
    if rng.random() < strange:
        kind, properties, late, name = _strange(rng, kind, properties, name)
    user = f"u{rng.randrange(users)}" if alike or rng.random() < 0.9 else None
    if kind.startswith("user."):
        user = user or "u0"
    source = "app" if alike or rng.random() < 0.95 else "crm"
    account = ACCOUNTS[0] if rng.random() < 0.8 else ACCOUNTS[1]
    return event(kind, account, now - late, name, user=user, source=source, properties=properties)


def _strange(
    rng: Random, kind: str, properties: dict[str, object], name: str
) -> tuple[str, dict[str, object], int, str]:
    """Make an event one of those that are not usual. Shape: its type, properties, lateness and id."""
    late = 0
    match rng.randrange(7):
        case 0:
            late = rng.choice([1, 30, DAY, 5 * DAY, 40 * DAY, 70 * DAY, 402 * DAY, -30, -DAY]) * MINUTE_MS
        case 1 if kind != "session.started":
            properties["quantity"] = rng.choice([0.5, "1.25", 40, 10**13])
        case 2:
            properties["mentions_competitor"] = True
        case 3 if kind == "usage.recorded":
            properties["cost"] = rng.choice([1, 0.5, 0])
        case 4:
            name = f"r{rng.randrange(4)}"
        case 5:
            kind = rng.choice(["user.provisioned", "user.deactivated", "user.erased"])
            properties = {"department": rng.choice(["sales", "legal"])} if kind == "user.provisioned" else {}
        case _:
            kind, properties = "feature.blocked", {"feature": rng.choice(FEATURES)}
    return kind, properties, late, name


@st.composite
def floods(draw: st.DrawFn) -> tuple[list[Line], str]:
    """Draw a flood, and the playbook it begins with. Shape: lines, with whether each must be a record of its own."""
    rng = Random(draw(st.integers(0, 1 << 30)))  # noqa: S311 - made-up input, no secret
    lines: list[Line] = []
    now = instant(START)
    for number, account in enumerate(ACCOUNTS[:2]):
        given = draw(setting) | {"seats": draw(st.sampled_from([3, 8, 40])), "limits": {"api_calls": 10_000}}
        lines.append((event("account.updated", account, now, f"f{number}", properties=given), False))
    users = draw(st.sampled_from([2, 10, 40]))
    strange = draw(st.sampled_from([0.0, 0.0, 0.01, 0.05]))
    dear = draw(st.sampled_from([0.0, 0.0, 0.4]))
    for number in range(draw(st.sampled_from([0, 0, users]))):
        given = {"department": ("sales", "legal", "research")[number % 3]}
        lines.append(
            (event("user.provisioned", ACCOUNTS[0], now, f"p{number}", user=f"u{number}", properties=given), False)
        )
    paces = [0, 1, 37, MINUTE_MS, 20 * MINUTE_MS, 7 * 60 * MINUTE_MS]
    for run in range(draw(st.integers(1, 4))):
        pace, alike = draw(st.sampled_from(paces)), draw(st.booleans())
        for number in range(draw(st.sampled_from([10, 60, 150]))):
            now += rng.randrange(2) * pace
            lines.append((_one(rng, now, f"e{run}-{number}", (users, strange, alike, dear)), False))
        what = draw(st.sampled_from(["nothing", "tick", "tick", "night", "playbook", "backfill", "end"]))
        if what == "night":
            now += draw(st.sampled_from([1, 2, 35])) * DAY * MINUTE_MS
        elif what == "tick":
            now += 5 * MINUTE_MS
            lines.append((control("tick", now), True))
        elif what == "playbook":
            version = draw(st.sampled_from(sorted(PLAYBOOKS)))
            lines.append((control("playbook", now, version=version, digest=""), True))
        elif what != "nothing":
            lines.append((control("backfill", now, state="begin" if what == "backfill" else "end"), True))
    return lines, draw(st.sampled_from(sorted(PLAYBOOKS)))
