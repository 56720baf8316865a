"""The scorecard. Source: playbook section 10, definition 42."""

import csv
import io

import msgspec
import pytest

from services.pipeline.core.scorecard import COLUMNS, ScorecardRow, make_row, rank, read_gist, write_csv
from shared.kernel.snapshots import Snapshot, encode_snapshot
from shared.kernel.triggers import EstimatedAcv, Gate, Health
from tests.support.pipeline.samples import make_snapshot


def row(snapshot: Snapshot) -> ScorecardRow:
    """Return the row of a snapshot as it lies on the topic."""
    return make_row(read_gist(encode_snapshot(snapshot)))


def ready(account_id: str, readiness: int) -> ScorecardRow:
    """Return a row of some readiness."""
    return row(make_snapshot(account_id, gate=Gate(open=False, readiness=readiness, confidence=1.0, criteria=())))


def test_the_columns_are_those_of_the_playbook() -> None:
    """In its order."""
    assert COLUMNS == (
        "account_id",
        "segment",
        "health_score",
        "activation_status",
        "expansion_readiness",
        "active_triggers",
        "recommended_motion",
        "estimated_expansion_acv",
    )


def test_a_row_says_what_the_snapshot_says_with_the_names_sorted() -> None:
    """Held triggers are among the active ones."""
    triggers = ("usage_ceiling", "gated_exploration")
    found = row(make_snapshot(active_triggers=triggers, estimated_expansion_acv=EstimatedAcv(900.5, "EUR", "tier")))
    assert found.active_triggers == ("gated_exploration", "usage_ceiling")
    assert (found.account_id, found.expansion_readiness, found.estimated_expansion_acv) == ("acme", 100, 900.5)


def test_the_readiest_come_first_and_ties_go_by_account() -> None:
    """As text, whatever the order in which they come."""
    rows = [ready("b", 50), ready("c", 99), ready("a10", 50), ready("a9", 50), ready("d", 0)]
    assert [one.account_id for one in rank(reversed(rows))] == ["c", "a10", "a9", "b", "d"]


def test_csv_joins_names_by_semicolon_and_leaves_unknowns_empty() -> None:
    """And quotes what would break a line."""
    unknown = make_snapshot('a,"b"', health=Health(None, {}), active_triggers=(), estimated_expansion_acv=None)
    several = make_snapshot("b", active_triggers=("x", "a"), activation_status="activating: qbr, sentiment")
    text = write_csv([row(unknown), row(several)])
    header, first, second = csv.reader(io.StringIO(text))
    assert tuple(header) == COLUMNS
    assert first == ['a,"b"', "mid_market", "", "activated", "100", "", "cs_led", ""]
    assert second[3] == "activating: qbr, sentiment"
    assert second[5] == "a;x"
    assert text.endswith("\r\n")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_a_spreadsheet_would_compute_stays_a_text(begin: str) -> None:
    """Names come from whoever may send events; numbers stay numbers."""
    name = f'{begin}HYPERLINK("http://x")'
    text = write_csv([row(make_snapshot(name, segment=name, active_triggers=(name,))), row(make_snapshot("a=b"))])
    _header, first, second = csv.reader(io.StringIO(text, newline=""))
    assert first[0] == first[1] == first[5] == f"'{name}"
    assert second[0] == "a=b"


def test_a_snapshot_of_another_shape_is_refused_with_the_path() -> None:
    """So that it can go to the dead letters."""
    with pytest.raises(msgspec.ValidationError, match=r"\$.gate"):
        read_gist(b'{"account_id": "a", "segment": "s", "lifecycle": "l", "health": {"score": 1}, "gate": 3}')
