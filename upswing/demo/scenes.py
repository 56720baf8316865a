"""The live part: what happens now, one scene after the other, and what must follow from it."""

from typing import Any, Literal

import msgspec

from shared.kernel.playbook import Playbook
from upswing.demo.cast import BY_KEY, CAST, Customer
from upswing.history.calls import Call, Method

Outcome = Literal["fired", "held", "released"]


class Happening(msgspec.Struct, frozen=True):
    """One call of a scene, without its time."""

    method: Method
    name: str = ""
    user: str | None = None
    properties: dict[str, Any] = {}


class Scene(msgspec.Struct, frozen=True):
    """What happens, told in one line, and which record of which rule must follow."""

    customer: Customer
    told: str
    happenings: tuple[Happening, ...]
    rule: str
    outcome: Outcome
    because: str


def scenes(playbook: Playbook) -> tuple[Scene, ...]:
    """Return the demo's scenes, in their order."""
    return (
        _tidal(),
        _fernweh(playbook),
        _nordlicht(),
        _sable(),
        _meridian(playbook),
        _cobalt(playbook),
        _quarry_held(playbook),
        _quarry_released(),
        _sirocco(),
    )


def _tidal() -> Scene:
    tidal = BY_KEY["tidal"]
    return Scene(
        tidal,
        "somebody at Tidal Foods logs in, the first event since history was handed over",
        (Happening("page", "Home", tidal.user(2)),),
        "seat_saturation",
        "released",
        "90 % of its seats were assigned in the past; held while history was loaded",
    )


def _fernweh(playbook: Playbook) -> Scene:
    fernweh = BY_KEY["fernweh"]
    return Scene(
        fernweh,
        "a nightly job of Fernweh Travel makes many API calls",
        (Happening("track", "API Batch Completed", fernweh.user(0), {"calls": _share(playbook, fernweh, 21)}),),
        "usage_ceiling",
        "fired",
        "87 % of the period's API calls are used",
    )


def _nordlicht() -> Scene:
    nordlicht = BY_KEY["nordlicht"]
    newcomer = nordlicht.user(nordlicht.users)
    return Scene(
        nordlicht,
        "a new colleague at Nordlicht Logistics is given a seat and logs in",
        (
            Happening("identify", user=newcomer, properties={"department": "Finance"}),
            Happening("page", "Home", newcomer),
        ),
        "seat_saturation",
        "fired",
        "26 of 28 seats",
    )


def _sable() -> Scene:
    sable = BY_KEY["sable"]
    return Scene(
        sable,
        "somebody at Sable Studio tries segments, a third feature of the next plan",
        (Happening("track", "Upgrade Prompt Shown", sable.user(1), {"feature": "segments"}),),
        "gated_exploration",
        "fired",
        "three features beyond the plan in two weeks",
    )


def _meridian(playbook: Playbook) -> Scene:
    meridian = BY_KEY["meridian"]
    return Scene(
        meridian,
        "Meridian Health's storage is measured",
        (Happening("track", "Storage Measured", None, {"gigabytes": _storage(playbook, meridian, 84)}),),
        "usage_ceiling",
        "fired",
        "84 % of the storage is full",
    )


def _cobalt(playbook: Playbook) -> Scene:
    need = playbook.roadmap[-1]
    return Scene(
        BY_KEY["cobalt"],
        f"in a business review Cobalt Energy asks for {need.lower()}, which is on the roadmap",
        (Happening("track", "qbr.held", None, {"unmet_needs": [need.lower(), "Cheaper coffee"]}),),
        "qbr_outcome",
        "fired",
        "one of the needs can be met: the answer is a proposal within five business days",
    )


def _quarry_held(playbook: Playbook) -> Scene:
    quarry = BY_KEY["quarry"]
    return Scene(
        quarry,
        "Quarry Works comes close to its limit, but its last NPS answer was a 5",
        (Happening("track", "API Batch Completed", quarry.user(3), {"calls": _share(playbook, quarry, 35)}),),
        "usage_ceiling",
        "held",
        "sentiment is below what the gate asks for: no lead, no alert",
    )


def _quarry_released() -> Scene:
    quarry = BY_KEY["quarry"]
    return Scene(
        quarry,
        "the same person at Quarry Works answers the next survey with a 9",
        (Happening("track", "survey.answered", quarry.user(0), {"survey": "nps", "score": 9}),),
        "usage_ceiling",
        "released",
        "what was held is released at once",
    )


def _sirocco() -> Scene:
    sirocco = BY_KEY["sirocco"]
    ticket = {"ticket_id": "T-sirocco-live", "severity": "high", "topic": "reports"}
    return Scene(
        sirocco,
        "Sirocco Media, where an answer fell from 8 to 3, opens its third ticket in a month",
        (Happening("track", "ticket.opened", sirocco.user(2), ticket),),
        "contraction_risk",
        "fired",
        "two signs of contraction: tasks for its owner, and no expansion until they are gone",
    )


def everyday(at_ms: int) -> list[Call]:
    """Return a login at every customer that no scene is about: life goes on after history was handed over."""
    told = {"fernweh", "sable", "nordlicht", "meridian", "tidal", "cobalt", "quarry"}
    return [
        Call(
            at_ms=at_ms,
            method="page",
            account_id=customer.account_id,
            message_id=f"everyday-{customer.key}-{at_ms}",
            name="Home",
            user_id=customer.user(0),
        )
        for customer in CAST
        if customer.key not in told
    ]


def calls_of(scene: Scene, number: int, at_ms: int) -> list[Call]:
    """Return a scene's calls at an instant; the newest is what decides."""
    return [
        Call(
            at_ms=at_ms + place,
            method=happening.method,
            account_id=scene.customer.account_id,
            message_id=f"live-{number}-{place}-{at_ms}",
            name=happening.name,
            user_id=happening.user,
            properties=happening.properties,
        )
        for place, happening in enumerate(scene.happenings)
    ]


def _share(playbook: Playbook, customer: Customer, percent: int) -> int:
    return round(float(playbook.plans[customer.plan].limits["api_calls"] or 0) * percent / 100)


def _storage(playbook: Playbook, customer: Customer, percent: int) -> int:
    return round(float(playbook.plans[customer.plan].limits["storage_gb"] or 0) * percent / 100)
