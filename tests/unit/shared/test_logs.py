"""Logs: one JSON line each, with the ids that were bound."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from shared.io.logs import bound, configure_logging, get_logger


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """What was logged; logging is as before afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging("signals", "info", stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def lines(output: io.StringIO) -> list[dict[str, Any]]:
    """Return the logged lines."""
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_names_service_logger_level_and_what_was_passed(output: io.StringIO) -> None:
    """The fields that a search needs are in every line."""
    get_logger("services.signals.reader").info("folded", offset=17)
    (line,) = lines(output)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "folded",
        "level": "info",
        "logger": "services.signals.reader",
        "offset": 17,
        "service": "signals",
    }


async def test_bound_ids_follow_their_task_and_no_other(output: io.StringIO) -> None:
    """Two events at once do not mix their ids."""

    async def work(event_id: str) -> None:
        with bound(event_id=event_id):
            await asyncio.sleep(0)
            get_logger("x").info("seen", expected=event_id)

    await asyncio.gather(work("e-1"), work("e-2"))
    get_logger("x").info("later", expected=None)
    assert [line.get("event_id") for line in lines(output)] == [line["expected"] for line in lines(output)]


def test_lines_of_libraries_have_the_same_shape_and_carry_their_exception(output: io.StringIO) -> None:
    """Nothing on the stream is not JSON."""
    try:
        int("broken")
    except ValueError:
        logging.getLogger("somelibrary").exception("failed with %s", 3)
    (line,) = lines(output)
    assert line["event"] == "failed with 3"
    assert line["exception"].endswith("invalid literal for int() with base 10: 'broken'")


def test_below_the_level_nothing_is_written_and_chatty_libraries_only_warn(output: io.StringIO) -> None:
    """Debug lines cost nothing by default, and aiokafka's news are no news."""
    get_logger("x").debug("hidden")
    logging.getLogger("aiokafka").info("hidden")
    logging.getLogger("aiokafka").warning("shown")
    assert [line["event"] for line in lines(output)] == ["shown"]


def test_an_unknown_level_is_refused() -> None:
    """With what is allowed."""
    with pytest.raises(ValueError, match=r"log level must be one of debug, info, .*, got 'loud'"):
        configure_logging("signals", "loud")
