"""The end of a demo: scorecard, open leads and tasks, what is held and why, seconds to an alert, where it all is."""

from typing import Any

from upswing.demo.desk import Desk
from upswing.demo.show import SHOWN_ROWS, Show
from upswing.demo.stage import Stage


async def finish(stage: Stage, desk: Desk, show: Show) -> None:
    """Print what the stack knows now."""
    show.title("What the stack knows now")
    card = await stage.ask("GET", "/v1/scorecard")
    show.scorecard(card["rows"])
    show.leads(await _all_open(stage, "/v1/csqls"))
    show.tasks(await _all_open(stage, "/v1/tasks"))
    held = [record for record in stage.watch.latest().values() if record.record == "held"]
    reasons = {}
    for account_id in list(dict.fromkeys(record.account_id for record in held))[:SHOWN_ROWS]:
        account = await stage.ask("GET", f"/v1/accounts/{account_id}")
        reasons[account_id] = account["gate"]["held_because"]
    show.held(held, reasons)
    by_channel: dict[str, int] = {}
    for alert in desk.alerts:
        channel = alert.channel.partition(" ")[0]
        by_channel[channel] = by_channel.get(channel, 0) + 1
    show.say(f"alerts: {', '.join(f'{count} by {channel}' for channel, count in by_channel.items()) or 'none'}")
    show.seconds(desk.seconds)
    rows = [(name, stage.settings.url(name)) for name in stage.stack.services] + [("kafka", stage.stack.bootstrap)]
    show.table("Addresses", ("what", "where"), rows)


async def _all_open(stage: Stage, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked: dict[str, Any] = {"open": "true", "limit": 200} | ({"cursor": cursor} if cursor else {})
        page = await stage.ask("GET", path, params=asked)
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items
