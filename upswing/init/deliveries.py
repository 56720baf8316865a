"""Which delivery is the alert of the test, and what to say of one that did not arrive. Pure."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

__all__ = ["Found", "advice", "choose", "undelivered"]

ALERTS = ("fired", "released")


class Found(msgspec.Struct):
    """The delivery that counts, empty when there is none, and those to other channels, as notify shows them."""

    row: dict[str, Any] = {}
    others: list[dict[str, Any]] = []


def choose(rows: Sequence[dict[str, Any]], channels: Collection[str]) -> Found:
    """Return the delivery to one of the channels, to any when they are none; one that was sent comes first.

    Shape: an alert for a small account also waits in the product, which is no proof that the mail server works.
    """
    alerts = [row for row in rows if row["why"] in ALERTS]
    wanted = [row for row in alerts if not channels or row["channel"] in channels]
    others = [row for row in alerts if row not in wanted]
    sent = [row for row in wanted if row["state"] == "sent"]
    return Found(next(iter([*sent, *wanted]), {}), others)


def undelivered(found: Found) -> str:
    """Return what became of the alert, and where else it went."""
    row = found.row
    others = ", ".join(f"{other['state']} on {other['channel'] or 'no channel'}" for other in found.others)
    elsewhere = f" (elsewhere: {others})" if others else ""
    if not row:
        return f"no delivery was decided{elsewhere}"
    why = row.get("reason") or row.get("note") or "no reason given"
    where, attempts = row.get("channel") or "no channel", row.get("attempts")
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return f"{row.get('state')} on {where} after {tries}: {why}{elsewhere}"


def advice(row: dict[str, Any]) -> str:
    """Return what to do."""
    channel = str(row.get("channel") or "")
    if channel.startswith("slack"):
        return "Is the webhook, or the bot's token and channel, right? Run `upswing init` again to change it."
    if channel == "email":
        return "Are the mail server, its port, user and password right? Run `upswing init` again to change them."
    return "No route leads to a channel: run `upswing init` again and choose one."
