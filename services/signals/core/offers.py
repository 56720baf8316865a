"""What whitespace looks at: a product of the playbook, and the factors of its score for an account.

Source: playbook section 6, definition 41.
"""

import msgspec

from shared.kernel.playbook import Product


class Offer(msgspec.Struct, frozen=True):
    """A product of the playbook, with its names as they are compared."""

    name: str
    product: Product
    compared: str
    features: frozenset[str]
    adjacent: frozenset[str]
    industries: frozenset[str]


class Factors(msgspec.Struct, frozen=True):
    """What the score of a product is made of: each factor is 1 to 5. `requests` are those that `interest` is for."""

    fit: int
    depth: int
    interest: int
    budget: int
    champion: int
    requests: int
