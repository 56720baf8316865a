"""The made-up company's twenty customers: who they are, how they are doing, and what the demo tells about them."""

from typing import Literal

import msgspec

Severity = Literal["low", "normal", "high", "urgent"]
Segment = Literal["SMB", "Mid-Market", "Enterprise"]
PLACES = ("Operations", "Finance")
SELLING = ("Sales", "Marketing", "Customer Success")
DEPARTMENTS: dict[Segment, tuple[str, ...]] = {
    "SMB": PLACES,
    "Mid-Market": (*PLACES, *SELLING),
    "Enterprise": (*PLACES, *SELLING, "Engineering", "Product"),
}
PLANS: dict[Segment, str] = {"SMB": "Team", "Mid-Market": "Business", "Enterprise": "Premium"}


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """One customer.

    Units: `onboarded`, `renews_in`, `qbr` in days from today; `tickets` and `blocked` as days ago; `api_share` is the
    share of the plan's limit used in the billing period so far, `growth` the change of usage in 30 days, in percent.
    Shape: `activity` is the chance that a user works on a workday; `nps` as (days ago, score); `departments` those that
    use it, empty: as usual in the segment; `favourite` a feature that is used again and again.
    """

    key: str
    name: str
    segment: Segment
    industry: str
    country: str
    seats: int
    users: int
    mrr: int
    csm: str
    onboarded: int = 240
    renews_in: int = 150
    employees: int = 120
    activity: float = 0.40
    growth: int = 12
    api_share: int = 45
    storage_share: int = 40
    nps: tuple[tuple[int, int], ...] = ((70, 8), (24, 9))
    csat: tuple[tuple[int, int], ...] = ((50, 5), (20, 4))
    qbr: int | None = None
    engaged: int | None = 18
    tickets: tuple[tuple[int, Severity], ...] = ((44, "normal"), (37, "low"))
    open_tickets: int = 0
    milestones: int = 9
    primary_outcome: bool = False
    sponsor: str | None = None
    ae: str | None = None
    blocked: tuple[tuple[int, str], ...] = ()
    everybody_this_week: bool = False
    departments: tuple[str, ...] = ()
    favourite: str | None = None

    @property
    def account_id(self) -> str:
        """The customer's account id."""
        return f"acc_{self.key}"

    @property
    def plan(self) -> str:
        """The customer's plan."""
        return PLANS[self.segment]

    def department(self, number: int) -> str:
        """Return the department of one of the customer's users."""
        own = self.departments or DEPARTMENTS[self.segment]
        return own[number % len(own)]

    def user(self, number: int) -> str:
        """Return the id of one of the customer's users."""
        return f"{self.key}-u{number:02}"


def _smb(key: str, name: str, industry: str, country: str, seats: int, users: int, **more: object) -> Customer:
    own: dict[str, object] = {"segment": "SMB", "mrr": 300 + 12 * seats, "csm": "csm-pool", "employees": 4 * seats}
    return msgspec.convert(_row(key, name, industry, country, seats, users) | own | more, Customer)


def _mid(key: str, name: str, industry: str, country: str, seats: int, users: int, **more: object) -> Customer:
    own: dict[str, object] = {"segment": "Mid-Market", "mrr": 1400 + 24 * seats, "csm": "csm-mara", "qbr": 40}
    own |= {"employees": 9 * seats, "ae": "ae-noor"}
    return msgspec.convert(_row(key, name, industry, country, seats, users) | own | more, Customer)


def _big(key: str, name: str, industry: str, country: str, seats: int, users: int, **more: object) -> Customer:
    own: dict[str, object] = {"segment": "Enterprise", "mrr": 7500 + 45 * seats, "csm": "csm-jonas", "qbr": 30}
    own |= {"employees": 60 * seats, "ae": "ae-noor", "sponsor": "the operations director", "primary_outcome": True}
    return msgspec.convert(_row(key, name, industry, country, seats, users) | own | more, Customer)


def _row(key: str, name: str, industry: str, country: str, seats: int, users: int) -> dict[str, object]:
    return {"key": key, "name": name, "industry": industry, "country": country, "seats": seats, "users": users}


CAST: tuple[Customer, ...] = (
    # Ready to grow; the live part lets them cross a line.
    _smb("fernweh", "Fernweh Travel", "Travel", "DE", 10, 8, api_share=66, growth=0),
    _smb("sable", "Sable Studio", "Media", "FR", 8, 6, blocked=((5, "integrations"), (3, "automation"))),
    _mid("nordlicht", "Nordlicht Logistics", "Logistics", "NO", 28, 25, everybody_this_week=True),
    _big("meridian", "Meridian Health", "Health", "GB", 44, 36, storage_share=68),
    # Used nearly all seats while history was played: released when it is handed over.
    _smb("tidal", "Tidal Foods", "Retail", "IE", 10, 9, growth=14, activity=0.3),
    # Held back by the gate: one is released when its sentiment turns, the others stay held.
    _mid("quarry", "Quarry Works", "Construction", "PL", 24, 19, api_share=62, growth=-12, nps=((75, 6), (20, 5))),
    _big("boreal", "Boreal Insurance", "Insurance", "FI", 48, 39, api_share=78, sponsor=None, qbr=None),
    _smb("kumo", "Kumo Robotics", "Manufacturing", "JP", 6, 5, onboarded=16, api_share=84, nps=((6, 9),), milestones=1),
    # Everyday life.
    _smb("lumen", "Lumen Dental", "Health", "US", 6, 5, api_share=30),
    _smb("pardal", "Pardal Coffee", "Retail", "PT", 9, 7, api_share=38, growth=6),
    _smb("brisk", "Brisk Couriers", "Logistics", "NL", 12, 9, api_share=52),
    _smb("oak", "Oak & Ember", "Retail", "US", 5, 4, api_share=18, growth=-25, activity=0.15, nps=((60, 6), (12, 4))),
    _mid("cobalt", "Cobalt Energy", "Energy", "DK", 30, 24, api_share=48),
    _mid(
        "atlas",
        "Atlas Tooling",
        "Manufacturing",
        "CZ",
        22,
        17,
        api_share=41,
        growth=8,
        departments=(*PLACES, "Engineering"),
    ),
    _mid("verbena", "Verbena Cosmetics", "Retail", "IT", 26, 20, api_share=83, qbr=None),
    _mid(
        "sirocco",
        "Sirocco Media",
        "Media",
        "ES",
        32,
        17,
        api_share=25,
        growth=-30,
        activity=0.2,
        nps=((80, 8), (15, 3)),
        tickets=((50, "normal"), (22, "high"), (9, "urgent")),
        open_tickets=2,
        departments=("Sales", "Marketing"),
    ),
    _mid(
        "halcyon",
        "Halcyon Travel",
        "Travel",
        "GR",
        20,
        16,
        api_share=50,
        renews_in=21,
        blocked=((9, "sso"), (6, "audit_log"), (2, "forecasting")),
    ),
    _big("stratus", "Stratus Bank", "Banking", "CH", 52, 42, api_share=35, favourite="imports"),
    _big(
        "osprey",
        "Osprey Aerospace",
        "Manufacturing",
        "CA",
        40,
        32,
        api_share=29,
        growth=5,
        activity=0.8,
        nps=((89, 10), (24, 10)),
    ),
    _smb("juniper", "Juniper Yoga", "Leisure", "AU", 4, 3, onboarded=48, api_share=33, milestones=1),
)
BY_KEY: dict[str, Customer] = {customer.key: customer for customer in CAST}
