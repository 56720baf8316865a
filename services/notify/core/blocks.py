"""The card as Slack's Block Kit, escaped and within its limits (50 blocks, 3,000 characters a text, 150 a header)."""

from typing import Any

from services.notify.core.card import Card, Happening
from services.notify.core.figures import instant, shorten

Block = dict[str, Any]
HEADER_MOST = 150
FIELD_MOST = 2_000
BUTTON_MOST = 2_000
ACTIONS = {"csql_claim": "Claim", "csql_snooze": "Snooze", "csql_dismiss": "Dismiss"}
PHASES = {"resolved": "Resolved: the condition has ended.", "closed": "Closed: its lead has ended."}
ICONS = {"Expansion": "📈", "Risk": "⚠️", "Adoption": "🧭", "Operations": "🔧"}


def escape(text: str) -> str:
    """Return text that Slack shows as it is: no mention, link or channel can be made with it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def alert_blocks(card: Card, *, buttons: bool = False) -> list[Block]:
    """Return the blocks of an alert. Shape: `buttons` adds those of `ACTIONS` to an alert that is open."""
    blocks = [_header(card)]
    if card.marks:
        blocks.append(_context(" · ".join(f"*{mark.capitalize()}*" for mark in card.marks)))
    blocks.append(_section("\n".join(_happening(happening) for happening in reversed(card.happenings))))
    if card.unlisted:
        blocks.append(_context(f"and {card.unlisted} earlier"))
    if card.phase != "open":
        blocks.append(_section(f"*{PHASES[card.phase]}*"))
    blocks.append({"type": "section", "fields": [_field(*pair) for pair in _facts(card)]})
    if card.bridge:
        blocks.append(_section(f"*What to say*\n{escape(card.bridge)}"))
    if card.brief:
        lines = [f"• {escape(name)}: {escape(text)}" for name, text in card.brief]
        blocks.append(_section("\n".join(("*For the account executive*", *lines))))
    blocks.append(_context(f"{escape(card.why_now)} · stage: {escape(card.stage)} · `{card.trigger_id}`"))
    if controls := _controls(card, buttons=buttons):
        blocks.append({"type": "actions", "elements": controls})
    return blocks


def reply_blocks(card: Card) -> list[Block]:
    """Return the blocks of a reply in the thread of an alert: what is new."""
    marks = "".join(f"*[{mark}]* " for mark in card.marks)
    blocks = [_section(f"{marks}*{escape(card.title)}*\n{_happening(card.happenings[-1])}")]
    blocks.append(_context(f"{escape(card.why_now)} · `{card.trigger_id}`"))
    return blocks


def fallback(card: Card) -> str:
    """Return the notification's text, escaped."""
    return escape(card.line)


def _header(card: Card) -> Block:
    text = shorten(f"{ICONS[card.kind]} {card.account_name}: {card.title}", HEADER_MOST)
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _happening(happening: Happening) -> str:
    level = f" · {escape(happening.level)}" if happening.level else ""
    if happening.ended:
        return f"✓ ~{escape(happening.evidence)}~{level} (ended)"
    return f"• *{escape(happening.evidence)}*{level}"


def _facts(card: Card) -> list[tuple[str, str]]:
    owner = f"<@{card.owner_slack_id}>" if card.owner_slack_id else escape(card.owner)
    due = instant(card.due_at, card.time_zone)
    what = ("Recommended play", f"{escape(card.play)}: {escape(card.response)}")
    by = ("Respond by", f"<!date^{card.due_at // 1000}^{{date_short_pretty}} {{time}}|{escape(due)}>")
    if not card.about_account:
        return [("About", escape(card.account_name)), ("Owner", owner), what, by]
    growth = [
        ("Worth, estimated", escape(card.worth)),
        ("Motion", escape(card.motion)),
        ("Readiness", escape(card.readiness)),
    ]
    return [
        ("Account", f"{escape(card.account_name)} ({escape(card.segment)})"),
        ("Owner", owner),
        what,
        by,
        *(growth if card.about_growth else ()),
        ("Health", escape(card.health)),
    ]


def _controls(card: Card, *, buttons: bool) -> list[Block]:
    controls: list[Block] = []
    if buttons and card.phase == "open" and "test" not in card.marks:
        for action_id, label in ACTIONS.items():
            style = {"style": "primary"} if action_id == "csql_claim" else {}
            controls.append(_button(action_id, label) | {"value": card.trigger_id[:BUTTON_MOST]} | style)
    if card.account_url:
        controls.append(_button("open_account", "Open account") | {"url": card.account_url})
    return controls


def _button(action_id: str, label: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": label, "emoji": False}}


def _field(label: str, value: str) -> Block:
    return {"type": "mrkdwn", "text": _cut(f"*{label}*\n{value}", FIELD_MOST), "verbatim": True}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, 3_000), "verbatim": True}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": _cut(text, 3_000), "verbatim": True}]}


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    entity = kept.rfind("&", len(kept) - 5)
    return (kept if entity < 0 or ";" in kept[entity:] else kept[:entity]) + "…"
