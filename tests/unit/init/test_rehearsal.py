"""The test account passes the gate and fires, whatever the playbook asks for, and nothing of it stands afterwards."""

from pathlib import Path

import msgspec
import pytest

from shared.kernel.clock import DAY_MS
from shared.kernel.errors import ConfigurationError
from shared.kernel.ids import TEST_ACCOUNTS
from shared.kernel.playbook import Playbook, build_playbook, playbook_to_json
from tests.oracle.adapters import EngineSubject
from tests.support.playbooks import shipped
from upswing.init.rehearsal import Event, Rehearsal, epilogue, rehearse

SHIPPED = sorted(Path("playbooks").glob("*.yaml"))
NOW_MS = 1_795_000_000_000
ALIKE = {"source": "upswing-init"}


def fold(subject: EngineSubject, *events: Event) -> list[tuple[str, str]]:
    """Fold events as ingest packs them; return the records and rules that followed."""
    value = b"\n".join(msgspec.json.encode(event | ALIKE) for event in events)
    return [(told.record, told.rule) for told in subject.fold(value)]


def changed(playbook: Playbook, **rules: bool) -> Playbook:
    """Return a playbook with rules switched on or off."""
    body = msgspec.json.decode(playbook_to_json(playbook))
    for name, enabled in rules.items():
        body["rules"][name]["enabled"] = enabled
    return build_playbook(body)


def assert_fires(playbook: Playbook, rehearsal: Rehearsal) -> None:
    """Only the last event fires, only that rule; the end takes it back, and nothing follows."""
    subject = EngineSubject([playbook])
    assert [record for record, _rule in fold(subject, *rehearsal.past) if record in ("fired", "released")] == []
    assert fold(subject, rehearsal.decides) == [("fired", rehearsal.rule)]
    end = fold(subject, *epilogue(rehearsal, NOW_MS + 5_000))
    assert ("resolved", rehearsal.rule) in end
    assert {record for record, _rule in end} == {"resolved"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_it_fires_in_every_segment_of_every_shipped_playbook(path: Path) -> None:
    """With the segment's own criteria: departments, sponsor, QBR, sentiment."""
    playbook = shipped(path.stem)
    for row in playbook.segments:
        assert_fires(playbook, rehearse(playbook, row.key, "mara-ilves", NOW_MS))


@pytest.mark.parametrize("hour", [0, 1, 9, 23])
def test_it_fires_at_every_hour(hour: int) -> None:
    """Just after midnight, too: the past ends yesterday."""
    playbook = shipped()
    now_ms = NOW_MS // DAY_MS * DAY_MS + hour * 3_600_000
    assert_fires(playbook, rehearse(playbook, "mid_market", None, now_ms))


def test_without_limits_the_seats_fill_up_instead() -> None:
    """A company that sells seats alone, and one that has switched the ceiling off."""
    playbook = shipped()
    body = msgspec.json.decode(playbook_to_json(playbook))
    for plan in body["plans"].values():
        plan |= {"limits": {}, "unit_prices": {}}
    for one in (build_playbook(body), changed(playbook, usage_ceiling=False)):
        rehearsal = rehearse(one, "smb", None, NOW_MS)
        assert rehearsal.rule == "seat_saturation"
        assert_fires(one, rehearsal)


def test_with_nothing_to_fire_it_says_so() -> None:
    """Both rules off: a test event could show nothing."""
    playbook = changed(shipped(), usage_ceiling=False, seat_saturation=False)
    with pytest.raises(ConfigurationError, match=r"switched off.*--no-test"):
        rehearse(playbook, "smb", None, NOW_MS)


def test_every_event_names_the_test_account_and_has_an_id_of_its_own() -> None:
    """Two tests never share one: a second is no repeat of the first."""
    playbook = shipped()
    first, second = (rehearse(playbook, "smb", None, NOW_MS + later) for later in (0, 1))
    rows = [*first.past, first.decides, *epilogue(first, NOW_MS)]
    assert {row["account_id"] for row in rows} == {first.account_id}
    assert first.account_id.startswith(TEST_ACCOUNTS)
    ids = {row["id"] for row in rows}
    assert len(ids) == len(rows)
    assert ids.isdisjoint(row["id"] for row in second.past)
