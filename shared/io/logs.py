"""Structured logs: one JSON line each, with the ids that follow an event through the services.

Bind ids at the edge and they are in every line of that task::

    with bound(event_id=..., account_id=...):
        get_logger(__name__).info("folded", offset=17)

Never log a payload: names, addresses and properties of customers stay out of logs.
"""

import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

import msgspec
import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars
from structlog.types import EventDict, Processor, WrappedLogger

__all__ = ["LEVELS", "bind", "bound", "configure_logging", "get_logger", "unbind_all"]

LEVELS = ("debug", "info", "warning", "error", "critical")
NOISY = ("aiokafka", "faust", "mode", "sqlalchemy", "alembic", "httpx", "httpcore", "asyncio")

bind = bind_contextvars
bound = bound_contextvars
unbind_all = clear_contextvars


def get_logger(name: str) -> Any:
    """Return a logger that writes lines of this process's service."""
    return structlog.stdlib.get_logger(name)


def configure_logging(service: str, level: str = "info", as_json: bool = True, stream: TextIO | None = None) -> None:
    """Send every log line of the process, those of libraries too, to one stream (standard error).

    Shape: `timestamp`, `level`, `service`, `logger`, `event` and what was bound or passed.
    Errors: `ValueError` for an unknown level.
    """
    if level not in LEVELS:
        raise ValueError(f"log level must be one of {', '.join(LEVELS)}, got {level!r:.40}")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_service(service),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_renderers(as_json)))
    root = logging.getLogger()
    for former in list(root.handlers):
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _name_service(service: str) -> Processor:
    def name_service(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line["service"] = service
        return line

    return name_service


def _renderers(as_json: bool) -> list[Processor]:
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if not as_json:
        return [without_meta, structlog.dev.ConsoleRenderer(colors=False)]
    return [
        without_meta,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_to_json),
    ]


def _to_json(line: EventDict, default: Callable[[Any], Any], **_options: Any) -> str:
    return msgspec.json.encode(line, enc_hook=default).decode()
