"""From one trigger to what is to be done: a list of stages with one signature, each of which may have the last word.

Source: design (the alert is posted from `expansion.triggers`), style (Alertmanager's pipeline).
"""

from collections.abc import Callable, Mapping

import msgspec

from services.notify.core.group import Message, advance
from services.notify.core.route import Route, route
from services.notify.core.silence import Facts, Silence, hushing
from services.notify.core.words import Action, Why
from shared.kernel.triggers import Trigger


class Situation(msgspec.Struct, frozen=True):
    """All that is known when a trigger arrives. Shape: `shown_in` names the channels that have the open message."""

    trigger: Trigger
    facts: Facts
    message: Message | None
    shown_in: frozenset[str]
    silences: tuple[Silence, ...]
    routes: tuple[Route, ...]


class Verdict(msgspec.Struct, frozen=True):
    """What a trigger means. Shape: `why` is a metric label, `note` its words; `final`: no later stage is asked."""

    message: Message | None
    why: Why = Why.FIRED
    note: str = ""
    channels: tuple[str, ...] = ()
    final: bool = False


class Ability(msgspec.Struct, frozen=True):
    """What a kind of channel can do. `stores`: to be in the log is to be delivered; `prompts`: the product shows it."""

    updates: bool = False
    stores: bool = False
    prompts: bool = False


class Dispatch(msgspec.Struct, frozen=True):
    """One thing to do in one channel; `action` None: nothing, and why."""

    channel: str
    action: Action | None
    why: Why
    note: str = ""


Stage = Callable[[Situation, Verdict, int], Verdict]


def facts_of(trigger: Trigger, owner: str | None) -> Facts:
    """Return what routes and silences look at. `owner` is the lead's; else the account's AE or CSM, by the role."""
    return Facts(
        account_id=trigger.account_id,
        segment=trigger.segment,
        kind=trigger.kind,
        rule=trigger.rule,
        level=trigger.level,
        play=trigger.recommendation.play,
        owner=owner or trigger.people.get("ae" if trigger.recommendation.owner_role == "ae" else "csm"),
        owner_role=trigger.recommendation.owner_role,
    )


def withhold(situation: Situation, verdict: Verdict, now_ms: int) -> Verdict:  # noqa: ARG001 - one signature for all stages
    """Held triggers alert nobody."""
    if situation.trigger.record != "held":
        return verdict
    reasons = ", ".join(situation.trigger.gate.held_because) or "no reason given"
    return Verdict(verdict.message, Why.HELD, f"held ({reasons})", final=True)


def close(situation: Situation, verdict: Verdict, now_ms: int) -> Verdict:  # noqa: ARG001 - one signature for all stages
    """What has ended is noted on its message; nobody is paged."""
    trigger = situation.trigger
    if trigger.record != "resolved":
        return verdict
    message, why = advance(verdict.message, trigger.record, trigger.trigger_id, trigger.level)
    note = "it has ended; nobody was told of it" if why is Why.UNSEEN else "it has ended; nobody is paged for that"
    channels = () if why is Why.UNSEEN else tuple(sorted(situation.shown_in))
    return Verdict(message, why, note, channels, final=True)


def hush(situation: Situation, verdict: Verdict, now_ms: int) -> Verdict:
    """A silence keeps everything from being told."""
    silence = hushing(situation.silences, situation.facts, now_ms)
    if silence is None:
        return verdict
    note = f"silence {silence.silence_id} of {silence.created_by}: {silence.comment}"
    return Verdict(verdict.message, Why.SILENCED, note, final=True)


def find_channels(situation: Situation, verdict: Verdict, now_ms: int) -> Verdict:  # noqa: ARG001 - one signature for all stages
    """The routes name the channels."""
    found = route(situation.routes, situation.facts)
    if not found.channels:
        return Verdict(verdict.message, Why.NO_ROUTE, "no route wants it", final=True)
    return msgspec.structs.replace(verdict, channels=found.channels, note=f"route {', '.join(found.routes)}")


def group(situation: Situation, verdict: Verdict, now_ms: int) -> Verdict:  # noqa: ARG001 - one signature for all stages
    """A message that is open is joined."""
    trigger = situation.trigger
    message, why = advance(verdict.message, trigger.record, trigger.trigger_id, trigger.level)
    return msgspec.structs.replace(verdict, message=message, why=why, final=True)


STAGES: tuple[Stage, ...] = (withhold, close, hush, find_channels, group)


def decide(situation: Situation, now_ms: int) -> Verdict:
    """Return what a trigger means, by the first stage that has the last word."""
    verdict = Verdict(situation.message)
    for stage in STAGES:
        if not verdict.final:
            verdict = stage(situation, verdict, now_ms)
    return verdict


def plan(verdict: Verdict, shown_in: frozenset[str], abilities: Mapping[str, Ability]) -> list[Dispatch]:
    """Return what to do in each channel.

    A channel that does not have the message yet gets it. One that has it and can update shows the news there, and a
    higher urgency in its thread as well; one that cannot is told again at a higher urgency only.
    """
    dispatches: list[Dispatch] = []
    for channel in verdict.channels:
        ability = abilities.get(channel, Ability())
        if channel not in shown_in:
            dispatches.append(Dispatch(channel, Action.POST, verdict.why, verdict.note))
        elif ability.updates:
            if verdict.why is Why.CLIMBED:
                dispatches.append(Dispatch(channel, Action.REPLY, verdict.why, verdict.note))
            dispatches.append(Dispatch(channel, Action.UPDATE, verdict.why, verdict.note))
        elif verdict.why is Why.CLIMBED and not ability.stores:
            dispatches.append(Dispatch(channel, Action.POST, verdict.why, verdict.note))
        else:
            dispatches.append(Dispatch(channel, None, verdict.why, _unsaid(verdict.why)))
    return dispatches


def _unsaid(why: Why) -> str:
    if why is Why.RESOLVED:
        return "it has ended; nobody is paged for that"
    return "it joined the message that is open; this channel cannot change what it has shown"
