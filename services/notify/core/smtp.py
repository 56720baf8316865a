"""Where mails are handed over: what the settings say and the e-mail channel needs."""

from typing import Literal

import msgspec


class Smtp(msgspec.Struct, frozen=True, kw_only=True):
    """The mail server, and whom mails come from."""

    host: str
    port: int
    sender: str
    username: str | None
    password: str | None
    tls: Literal["none", "starttls", "tls"]
