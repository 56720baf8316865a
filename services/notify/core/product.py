"""What of an alert may be shown inside the product, to the customer's own people.

Source: playbook sections 6 and 8 (in-app prompts are for growth, self-serve); risk is for the company alone.
"""

import msgspec

from services.notify.core.card import Subject

SHOWN = frozenset({"expansion", "adoption"})


def for_the_product(subject: Subject) -> Subject | None:
    """Return what of an alert the product may show, None when all of that has ended, or there is nothing of it.

    Shape: an alert that goes on for a risk alone is no standing prompt.
    """
    told = tuple(one for one in subject.told if one.trigger.kind in SHOWN)
    if all(one.resolved_at is not None for one in told):
        return None
    return msgspec.structs.replace(subject, told=told)
