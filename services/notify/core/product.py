"""What of an alert may be shown inside the product, to the customer's own people.

Source: playbook sections 6 and 8 (in-app prompts are for growth, self-serve); risk is for the company alone.
"""

import msgspec

from services.notify.core.card import Subject

SHOWN = frozenset({"expansion", "adoption"})


def for_the_product(subject: Subject) -> Subject:
    """Return what of an alert the product may show. Shape: nothing is told when all of it is risk or operations."""
    told = tuple(one for one in subject.told if one.trigger.kind in SHOWN)
    return msgspec.structs.replace(subject, told=told)
