"""A row of the tracking plan for a name that none maps: a good guess, and why.

The guesses are a table: the first whose words are in the name and whose needs the properties meet makes the row. What a
row takes from a property was seen on calls of that name. Source: playbook section 2 (tracking plan).
"""

from collections.abc import Callable, Collection
from typing import Any

import msgspec
import yaml

from upswing.events.names import Name, Types, words_of

__all__ = ["Proposal", "propose"]

_AMOUNTS = (
    "quantity",
    "count",
    "calls",
    "units",
    "amount",
    "total",
    "tokens",
    "credits",
    "rows",
    "records",
    "messages",
)
_LEVELS = ("level", "total", "value", "used", "usage", "current", "count", "amount", "gb", "gigabytes", "size", "bytes")
_SCORES = ("score", "rating", "nps", "csat", "value", "answer")
_METERED = {"api", "request", "requests", "query", "queries", "message", "messages", "email", "emails", "sms", "credit"}
_METERED |= {
    "credits",
    "token",
    "tokens",
    "job",
    "jobs",
    "run",
    "runs",
    "minutes",
    "compute",
    "webhook",
    "call",
    "calls",
}


class Proposal(msgspec.Struct, frozen=True):
    """A row as it goes into the playbook, and one sentence that says why it is this one."""

    row: dict[str, Any]
    why: str

    @property
    def yaml(self) -> str:
        """The row as one line of YAML."""
        plain = msgspec.json.encode(self.row).decode().isprintable()
        text = yaml.safe_dump(self.row, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=plain)
        return f"- {text.strip()}"


Guess = Callable[[Name], tuple[dict[str, Any], str] | None]


def propose(name: str, properties: Types, features: Collection[str] = (), metrics: Collection[str] = ()) -> Proposal:
    """Return a row for a name. Shape: `features` and `metrics` are those of the playbook's plans."""
    known = Name(name, words_of(name), properties, features, metrics)
    for guess in GUESSES:
        if (found := guess(known)) is not None:
            row, why = found
            return Proposal({"match": name} | row, why)
    return Proposal({"match": name} | _constants("feature.used", feature=known.slug()), "nothing in its name says more")


def _noise(name: Name) -> tuple[dict[str, Any], str] | None:
    if name.text in {"$pageview", "$screen"}:
        return {"type": "session.started"}, "a view begins or goes on with a session; rather use the client's page call"
    if name.text.startswith("$") or name.has("heartbeat", "ping", "keepalive"):
        return {"ignore": True}, "a tool sent it, not a person: it would make features and active users that are none"
    return None


def _sessions(name: Name) -> tuple[dict[str, Any], str] | None:
    joined = " ".join(name.words)
    if name.has("login", "signin", "session") or "logged in" in joined or "signed in" in joined:
        return {"type": "session.started"}, "its words are those of a login"
    return None


def _people(name: Name) -> tuple[dict[str, Any], str] | None:
    joined = " ".join(name.words)
    if "signed up" in joined or name.has("signup", "registered") or joined in {"user created", "account created"}:
        given = {each: found for each in ("department", "role", "email") if (found := name.text_property(each))}
        paths = {ours: f"properties.{found}" for ours, found in given.items()}
        return _with("user.provisioned", paths), "who signs up has a seat from then on"
    if name.has("seat", "seats") and (seats := name.numeric(("seats", "total", "count"))):
        why = "it says how many seats the account has; if it says how many were added, use feature.used instead"
        return _with("account.updated", {"seats": f"properties.{seats}"}), why
    if name.has("invite", "invited", "invitation") or (name.has("seat", "user", "member") and name.has("added")):
        why = "its user is the one who invites; the invited person is provisioned by an identify call of their own"
        return _constants("feature.used", feature="invitations"), why
    return None


def _limits(name: Name) -> tuple[dict[str, Any], str] | None:
    if name.has("limit", "quota") and name.has("reached", "hit", "exceeded", "over"):
        metric = name.text_property("metric", "limit", "resource", "meter")
        why = "the product refused something because a limit was reached"
        if metric:
            return _with("limit.reached", {"metric": f"properties.{metric}"}), why
        return _constants(
            "limit.reached", metric=name.metric("limit", "quota", "reached", "hit", "exceeded", "over")
        ), why
    if name.has("upgrade", "paywall", "upsell", "locked", "blocked", "gated"):
        feature = name.text_property("feature", "featurename")
        why = "somebody tried what the plan does not hold"
        if feature:
            return _with("feature.blocked", {"feature": f"properties.{feature}"}), why
        return _constants("feature.blocked", feature=name.feature() or name.slug()), why
    return None


def _buying(name: Name) -> tuple[dict[str, Any], str] | None:
    if name.has("pricing", "plans") and name.has("viewed", "view", "visited", "opened", "seen", "page"):
        plan = name.text_property("plan", "planname")
        return _with("pricing.viewed", {"plan": f"properties.{plan}"} if plan else {}), "somebody looked at the prices"
    if name.has("requested", "request") and name.has("feature", "capability", "demo", "quote", "integration"):
        feature = name.text_property("feature", "capability", "product")
        paths = {"product" if feature == "product" else "feature": f"properties.{feature}"} if feature else {}
        return _with("capability.requested", paths), "somebody asked for something that they do not have"
    return None


def _surveys(name: Name) -> tuple[dict[str, Any], str] | None:
    if not name.has("nps", "csat", "survey", "satisfaction", "promoter"):
        return None
    score = name.numeric(_SCORES)
    survey = "csat" if name.has("csat", "satisfaction") else "nps"
    why = f"an answer to a survey; check that it is {survey}, 0 to 10 for nps and 1 to 5 for csat"
    if score is None:
        why += "; no numeric property was seen, so correct the path of the score"
    return _with("survey.answered", {"score": f"properties.{score or 'score'}"}, survey=survey), why


def _tickets(name: Name) -> tuple[dict[str, Any], str] | None:
    if not name.has("ticket", "tickets", "support", "case", "conversation"):
        return None
    opened = name.has("opened", "created", "submitted", "started", "reopened", "new")
    if not opened and not name.has("resolved", "closed", "solved"):
        return None
    given = name.text_property("ticketid", "caseid", "conversationid", "id")
    paths = {"ticket_id": f"properties.{given}" if given else "messageId"}
    why = "its words are those of a support ticket"
    if given is None:
        why += "; no id of the ticket was seen, so each call counts as one"
    if topic := name.text_property("topic", "category", "subject"):
        paths["topic"] = f"properties.{topic}"
    return _with("ticket.opened" if opened else "ticket.resolved", paths), why


def _engagement(name: Name) -> tuple[dict[str, Any], str] | None:
    for kind in ("webinar", "training", "community", "meeting"):
        if name.has(kind):
            return _constants("engagement.recorded", kind=kind), f"taking part in a {kind} is engagement"
    joined = " ".join(name.words)
    if name.has("onboarding", "setup", "activation") and name.has("completed", "finished", "done", "activated"):
        return _constants("milestone.reached", milestone=name.slug()), f"{joined} is a step of adoption"
    return None


def _metered(name: Name) -> tuple[dict[str, Any], str] | None:
    if name.has("storage", "measured", "snapshot", "gauge") and (level := name.numeric(_LEVELS)):
        metric = name.metric("measured", "snapshot", "gauge", "used", "usage", "updated", "reported")
        why = f"{level} is the reading of a gauge; if it is what was consumed since the last call, use usage.recorded"
        return _with("usage.reported", {"level": f"properties.{level}"}, metric=metric), why
    amount = name.numeric(_AMOUNTS)
    if amount is None and not (name.has("api") and name.has("call", "calls", "request", "requests")):
        return None
    if not name.has(*_METERED) and (amount or "").lower() not in _AMOUNTS:
        return None
    metric = name.metric("made", "sent", "completed", "processed", "executed", "recorded", "finished", "used")
    if amount is None:
        return _constants("usage.recorded", metric=metric, quantity=1), "each call is one unit of something metered"
    paths = {"quantity": f"properties.{amount}"}
    if (cost := name.numeric(("cost",))) and cost.lower() == "cost" and cost != amount:
        paths["cost"] = f"properties.{cost}"
    return _with("usage.recorded", paths, metric=metric), f"{amount} is a number that adds up"


def _known_feature(name: Name) -> tuple[dict[str, Any], str] | None:
    feature = name.feature()
    if feature is None:
        return None
    return _constants("feature.used", feature=feature), f"{feature} is a feature of the playbook's plans"


GUESSES: tuple[Guess, ...] = (
    _noise,
    _surveys,
    _tickets,
    _limits,
    _buying,
    _sessions,
    _people,
    _engagement,
    _known_feature,
    _metered,
)


def _with(event_type: str, paths: dict[str, str], **constants: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"type": event_type}
    if paths:
        row["properties"] = paths
    return row | ({"constants": constants} if constants else {})


def _constants(event_type: str, **constants: Any) -> dict[str, Any]:
    return _with(event_type, {}, **constants)
