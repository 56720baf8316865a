"""Triggers about the installation itself: they have no account, so what they are about takes its place.

A message is that of a key and a play, so two sources that fall silent are two messages. Source: playbook section 7.
"""

import msgspec

from shared.kernel.triggers import Trigger


def addressed(trigger: Trigger) -> Trigger:
    """Return a trigger with something to file it under: its account, or, of kind `ops`, its scope."""
    if trigger.kind != "ops" or trigger.account_id:
        return trigger
    kind, scope = trigger.scope_type or "installation", trigger.scope or ""
    return msgspec.structs.replace(
        trigger, account_id=f"{kind}:{scope}", account_name=f"Source {scope}" if kind == "source" else scope or kind
    )
