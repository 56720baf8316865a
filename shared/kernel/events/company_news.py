"""The customer's company was in the news.

Source: playbook section 2.
"""

from typing import Literal

from shared.kernel.events.envelope import Event, EventType, Properties


class CompanyNewsProperties(Properties, kw_only=True, gc=False):
    """What `company.news` carries."""

    news: Literal["funding", "initiative", "leadership"]


class CompanyNews(Event, tag="company.news", kw_only=True, gc=False):
    """One `company.news` event."""

    properties: CompanyNewsProperties


ROW = EventType(
    name="company.news",
    shape=CompanyNews,
    what="The customer's company was in the news.",
    feeds="organisation",
    fact=True,
)
