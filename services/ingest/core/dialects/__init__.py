"""The client dialects: one file and one row each.

Source: design (contracts, ingest HTTP).
"""

from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import native, segment

DIALECTS: tuple[Dialect, ...] = (segment.ROW, native.ROW)
ROUTES: dict[str, tuple[Dialect, Route]] = {
    route.path: (dialect, route) for dialect in DIALECTS for route in dialect.routes
}
