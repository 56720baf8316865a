"""Taking a person's id out of what is kept: records of triggers, snapshots, events, and what people wrote.

Where an id stands alone it becomes `erased`; in a sentence it does so where no letter, digit or sign of an address goes
on beside it. Source: definition 67.
"""

import re
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

ERASED = "erased"
USERS = "users"  # the number in which evidence names people
PERSON = "user"  # the scope type of a trigger about one person
PERSONAL_FACTS = ("csm", "ae", "exec_sponsor", "champion")
Say = Callable[[str], str]


def token(account_id: str, user_id: str) -> str:
    """Return what stands for a person who was erased: the same for the same id, salted by the account."""
    salted = f"{len(account_id)}\0{account_id}\0{user_id}".encode()
    return f"{ERASED}:{blake2b(salted, digest_size=16, person=b'upswing erased').hexdigest()}"


def sayer(user_id: str) -> Say:
    """Return what takes a person's id out of a text."""
    within = re.compile(rf"(?<![\w@+-])(?<!\w\.){re.escape(user_id)}(?![\w@+-])(?!\.\w)")
    return lambda text: within.sub(ERASED, text) if user_id in text else text


def unname(value: Any, say: Say) -> Any:
    """Return any JSON value without a person's id in its texts; keys stay."""
    if isinstance(value, str):
        return say(value)
    if isinstance(value, list):
        return [unname(one, say) for one in value]
    if isinstance(value, dict):
        return {key: unname(one, say) for key, one in value.items()}
    return value


def unname_evidence(evidence: dict[str, Any], user_id: str, *, about: bool) -> None:
    """Take a person out of a trigger's evidence, the sentence too if the numbers name them or it is about them."""
    numbers = evidence.get("numbers", {})
    named = numbers.get(USERS)
    if isinstance(named, list) and user_id in named:
        numbers[USERS] = [one for one in named if one != user_id]
        about = True
    if about:
        evidence["summary"] = sayer(user_id)(evidence.get("summary", ""))


def unname_trigger(trigger: dict[str, Any], user_id: str) -> None:
    """Take a person out of a record of a trigger, or of a rule's value in a snapshot."""
    about = trigger.get("scope_type") == PERSON and trigger.get("scope") == user_id
    if about:
        trigger["scope"] = ERASED
    unname_evidence(trigger["evidence"], user_id, about=about)
    people = trigger.get("people", {})
    for role, name in people.items():
        if name == user_id:
            people[role] = ERASED


def unname_snapshot(snapshot: dict[str, Any], user_id: str) -> None:
    """Take a person out of a snapshot; as a fact they are then none, as signals has it."""
    for rule in snapshot["rules"]:
        unname_trigger(rule, user_id)
    for field in PERSONAL_FACTS:
        if snapshot["facts"].get(field) == user_id:
            del snapshot["facts"][field]


def unname_event(event: dict[str, Any], user_id: str) -> None:
    """Take a person out of an event: who did it, and where its properties name them."""
    if event.get("user_id") == user_id:
        del event["user_id"]
    event["properties"] = unname(event.get("properties", {}), sayer(user_id))


def persons_of(trigger: dict[str, Any]) -> Iterator[str]:
    """Yield the ids of the persons whom a record of a trigger names."""
    if trigger.get("scope_type") == PERSON and trigger.get("scope") not in {None, ERASED}:
        yield trigger["scope"]
    named = trigger["evidence"].get("numbers", {}).get(USERS)
    if isinstance(named, list):
        yield from named
