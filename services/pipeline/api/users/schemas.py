"""What `/v1/users` answers."""

from pydantic import BaseModel


class ErasureView(BaseModel):
    """What was done for an erasure. Shape: `accounts` are those to which it was written; the person is not named."""

    accounts: list[str]
    forgotten_sources: list[str]
    said: str
