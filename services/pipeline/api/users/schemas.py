"""What `/v1/users` answers."""

from pydantic import BaseModel


class ErasureView(BaseModel):
    """What was done for an erasure; the person is not named.

    Shape: `accounts` are those to which it was written, `unknown_accounts` those among them of which nothing is known
    here; `known` tells whether an event or a trigger names the person here: use of the product does not come here.
    """

    accounts: list[str]
    unknown_accounts: list[str]
    known: bool
    forgotten_sources: list[str]
    said: str
