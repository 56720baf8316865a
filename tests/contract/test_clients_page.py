"""The page about clients names every route, and its tables of bad input are those that the tests hold."""

import re
from pathlib import Path

import pytest

from services.ingest.core.dialects import DIALECTS
from services.ingest.settings import Settings
from tests.support.bad_input import BODIES, EVENTS
from tests.support.dialects import SPOKEN

PAGE = Path("docs/clients.md").read_text()
ROWS = {
    cells[0].strip(): " | ".join(cells[1:])
    for line in PAGE.splitlines()
    if line.startswith("| ")
    for cells in [line.strip("| ").split(" | ")]
}


def _section(title: str) -> set[str]:
    text = PAGE.split(f"### {title}\n")[1].split("\n##")[0]
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return {row.strip("| ").split(" | ")[0] for row in rows[1:]}


def test_every_route_and_dialect_is_named() -> None:
    """By its path and by the label of the metrics."""
    for dialect in DIALECTS:
        assert f"| `{dialect.name}` |" in PAGE
        assert all(f"`{route.path}`" in PAGE for route in dialect.routes)


def test_the_tables_of_bad_input_have_the_rows_of_the_tests_and_no_other() -> None:
    """A row that nothing holds would be a promise on paper."""
    assert _section("A bad event among good ones") == {row.name for row in EVENTS}
    assert _section("A bad body") == {row.name for row in BODIES}


@pytest.mark.parametrize("row", EVENTS, ids=lambda row: row.name)
def test_each_row_names_the_reasons_that_the_dialects_give(row: object) -> None:
    """Where an event is taken, it says so."""
    assert isinstance(row, type(EVENTS[0]))
    for reason in {row.reason(spoken) for spoken in SPOKEN.values()}:
        assert (f"`{reason}`" if reason else "taken") in ROWS[row.name]


@pytest.mark.parametrize("row", BODIES, ids=lambda row: row.name)
def test_each_body_is_answered_as_the_row_says(row: object) -> None:
    """With its status, its code, and the reason of its letter."""
    assert isinstance(row, type(BODIES[0]))
    answered, _, letter = ROWS[row.name].partition(" | ")
    assert answered.startswith(f"{row.status} `{row.code}`")
    assert letter == f"`{row.reason}`"


def test_settings_and_limits_are_those_of_the_service() -> None:
    """A renamed setting would send people looking."""
    names = set(re.findall(r"UPSWING_INGEST_(\w+)", PAGE))
    assert {name.lower() for name in names} <= Settings.model_fields.keys()
    settings = Settings()
    assert (settings.event_max_bytes, settings.body_max_bytes, settings.inflated_max_bytes) == (
        128 << 10,
        6 << 20,
        12 << 20,
    )
