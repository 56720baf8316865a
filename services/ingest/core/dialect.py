"""What a client dialect is: routes, a reader of bodies, a normaliser of what was read, and what it answers.

Source: design (layout: one dialect is one file ending in its row).
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from services.ingest.core.intake import Intake
from services.ingest.core.reading import Reading
from services.ingest.core.replies import Answer, Reply

HeaderList = Iterable[tuple[bytes, bytes]]


class Route(msgspec.Struct, frozen=True):
    """One `POST` path.

    Shape: `kind` is what the path itself says about the call, `example` a body that is accepted; `also` are other
    spellings of the path, such as without the slash at its end.
    """

    path: str
    summary: str
    example: Any
    kind: str | None = None
    media_types: tuple[str, ...] = ("application/json",)
    also: tuple[str, ...] = ()


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """The row in which a dialect's file ends.

    Shape: `read` turns a body into a `Reading`; `normalise` hands each of its items to the intake.
    At a path of several dialects the first in the table serves, unless another one `claims` the request by its media
    type and headers; one that only `recognises` what was read lends its name to the metrics. `unwrap` brings what
    stands in the headers into the body. `answer` makes the reply where it is another than ours, and `answers` describes
    it: status, what it means, and the type of its body.
    Errors: `read` raises `msgspec.DecodeError` or `ValueError` for a body of which nothing can be read.
    """

    name: str
    what: str
    routes: tuple[Route, ...]
    read: Callable[[bytes, Route], Reading]
    normalise: Callable[[Reading, Intake], None]
    claims: Callable[[str, HeaderList], bool] | None = None
    unwrap: Callable[[str, HeaderList, bytes], bytes] | None = None
    recognises: Callable[[Reading], bool] | None = None
    answer: Callable[[Reply, Route], Answer] | None = None
    answers: tuple[tuple[str, str, type | None], ...] = (
        ("200", "Taken: every event is in the log, or listed under `rejected`", Reply),
    )
