"""Names that nothing maps: counted in bounded memory, written as they change, and summed over processes and days."""

import msgspec

from services.ingest.core import unmapped
from services.ingest.core.unmapped import MOST_PROPERTIES, Unmapped
from shared.kernel.clock import DAY_MS
from shared.kernel.tallies import Tally, TrafficTally, UnmappedTally, tally_key
from tests.support.intake import NOW, PLAYBOOK, make_world, take
from upswing.events.unmapped import described, lines, sum_up

DAY = NOW // DAY_MS
TRACKING = make_world().tracking


def _newest(*rounds: list[UnmappedTally]) -> list[UnmappedTally]:
    """Return what the topic holds after these rounds: the last record of each key."""
    return list({tally_key(tally): tally for tallies in rounds for tally in tallies}.values())


def _note(
    counts: Unmapped, name: str, times: int = 1, source: str = "web", at: int = NOW, properties: str = "{}"
) -> None:
    for number in range(times):
        counts.note(source, name, f"m{number}", properties.encode(), at + number)


def test_a_name_is_counted_with_when_and_what_it_carried() -> None:
    """Once what has changed was asked for, there is nothing more to write."""
    counts = Unmapped("p")
    _note(counts, "Song", 2, properties='{"n":1,"t":"x","deep":{"a":[]},"none":null,"yes":true,"l":[]}')
    _note(counts, "Song", 1, at=NOW + 5, properties='{"n":"1"}')
    (tally,) = counts.changed(NOW)
    assert tally == UnmappedTally(
        process="p",
        source="web",
        day=DAY,
        name="Song",
        count=3,
        since=NOW,
        until=NOW + 5,
        properties={
            "n": ("number", "text"),
            "t": ("text",),
            "deep": ("object",),
            "none": ("null",),
            "yes": ("true or false",),
            "l": ("list",),
        },
        example="m0",
    )
    assert counts.changed(NOW) == []
    _note(counts, "Song")
    assert [tally.count for tally in counts.changed(NOW)] == [4]


def test_properties_are_looked_into_now_and_then() -> None:
    """Always at first, then at every 64th; what cannot be read, is no object or has an absurd name is passed over."""
    counts = Unmapped()
    _note(counts, "Song", unmapped.SEEN_CLOSELY, properties="[1]")
    _note(counts, "Song", unmapped.EVERY - unmapped.SEEN_CLOSELY - 1, properties='{"unseen":1}')
    _note(counts, "Song", 1, properties='{"seen":1,"' + "x" * 65 + '":2}')
    _note(counts, "Bad", 1, properties='{"half')
    _note(counts, "Many", 1, properties=msgspec.json.encode({f"p{n}": n for n in range(99)}).decode())
    found = {tally.name: tally.properties for tally in counts.changed(NOW)}
    assert found["Song"] == {"seen": ("number",)}
    assert found["Bad"] == {}
    assert len(found["Many"]) == MOST_PROPERTIES


def test_names_beyond_the_bound_are_one_count_of_their_source() -> None:
    """A client that makes up names costs no more than this."""
    counts = Unmapped()
    for number in range(unmapped.MOST_NAMES + 10):
        _note(counts, f"name {number}", 2)
    _note(counts, "name 0")
    _note(counts, "another", source="app")
    tallies = counts.changed(NOW)
    assert len(counts) == len(tallies) == unmapped.MOST_NAMES + 2
    assert {(tally.source, tally.count) for tally in tallies if tally.name is None} == {("web", 20), ("app", 1)}
    assert max(tally.count for tally in tallies if tally.name) == 3


def test_a_new_day_begins_with_new_counts_and_writes_the_end_of_the_old() -> None:
    """What came between the last writing and midnight is not lost."""
    counts = Unmapped()
    _note(counts, "Song", 3)
    first = counts.changed(NOW)
    _note(counts, "Song")
    _note(counts, "Quiet")
    _note(counts, "Song", 2, at=NOW + DAY_MS)
    second = counts.changed(NOW + DAY_MS)
    assert sorted((tally.day - DAY, tally.name, tally.count) for tally in _newest(first, second)) == [
        (0, "Quiet", 1),
        (0, "Song", 4),
        (1, "Song", 2),
    ]


def test_every_dialect_counts_what_its_calls_are_named() -> None:
    """And no name that a row, a type or a default maps."""
    world = make_world()
    acme = {"groupId": "acme"}
    for path, body in (
        ("/v1/track", {"event": "Song", "context": acme, "messageId": "s1", "properties": {"n": 1}}),
        ("/v1/track", {"event": "Report Exported", "context": acme}),
        ("/v1/track", {"event": "session.started", "context": acme}),
        ("/v1/group", {"groupId": "acme"}),
        ("/capture/", {"api_key": "k", "event": "Song", "distinct_id": "u", "uuid": "s2"}),
    ):
        take(path, body, world)
    (tally,) = world.unmapped.changed(NOW)
    assert (tally.name, tally.count, tally.example) == ("Song", 2, "s1")


def _tally(process: str, day: int, count: int, name: str | None = "Song", **more: object) -> UnmappedTally:
    at = (DAY + day) * DAY_MS
    tally = UnmappedTally(
        process=process, source="web", day=DAY + day, name=name, count=count, since=at, until=at + count
    )
    return msgspec.structs.replace(tally, **more)


def test_counts_are_summed_over_processes_and_days() -> None:
    """With the earliest and the latest, and all that was carried; the most frequent name first."""
    tallies: list[Tally] = [
        _tally("p", 0, 5, properties={"n": ("number",)}, example="old"),
        _tally("q", 0, 7),
        _tally("p", 1, 1, properties={"n": ("text",), "m": ("list",)}, example="new"),
        _tally("p", 0, 3, name="Other"),
        _tally("p", 0, 3, name="Song", source="app"),
        _tally("p", 0, 8, name=None),
        _tally("p", 0, 8, name="Report Exported"),
        _tally("p", 0, 8, name="control.tick"),
        TrafficTally(process="p", source="web", hour=0, count=1, at=1),
    ]
    found = sum_up(tallies, TRACKING)
    assert [(each.name, each.source, each.count) for each in found.names] == [
        ("Song", "web", 13),
        ("Other", "web", 3),
        ("Song", "app", 3),
    ]
    song = found.names[0]
    assert (song.since, song.until, song.example) == (DAY * DAY_MS, (DAY + 1) * DAY_MS + 1, "new")
    assert song.properties == {"n": {"number", "text"}, "m": {"list"}}
    assert (found.rest, found.mapped) == ({"web": 8}, 2)
    assert [each.count for each in sum_up(tallies, TRACKING, since_ms=(DAY + 1) * DAY_MS).names] == [1]
    assert [each.source for each in sum_up(tallies, TRACKING, source="app").names] == ["app"]


def test_a_person_reads_a_table_and_rows_to_copy() -> None:
    """A name of two sources has one row; nothing to do is said as well."""
    tallies = [
        _tally("p", 0, 5),
        _tally("p", 0, 2, source="app"),
        _tally("p", 0, 1, name=None),
        _tally("p", 0, 9, "API *"),
    ]
    found = sum_up(tallies, TRACKING)
    told = list(lines(found, PLAYBOOK, 20))
    assert told[1].split()[:3] == ["Song", "web", "5"]
    assert "2 names, 7 calls" in told
    assert any("1 more calls of web had names beyond" in line for line in told)
    assert "1 names that were counted are mapped by this playbook now" in told
    assert [line.strip() for line in told if "match:" in line] == [
        "- {match: Song, type: feature.used, constants: {feature: song}}"
    ]
    assert any("of which 1 are shown" in line for line in lines(found, PLAYBOOK, 1))
    assert next(lines(sum_up([], TRACKING), PLAYBOOK, 5)).startswith("every name is mapped")
    (name, _app) = described(found, PLAYBOOK)["names"]
    assert (name["calls"], name["proposed"]["type"], name["example_id"]) == (5, "feature.used", None)


def test_properties_of_sdks_are_left_out_and_no_name_is_cut() -> None:
    """What an SDK adds by itself would push out what the product says."""
    given = dict.fromkeys(("$lib", "$is_server", *(f"property_{n}" for n in range(6))), ("number",))
    found = sum_up([_tally("p", 0, 1, properties=given)], TRACKING)
    row = list(lines(found, PLAYBOOK, 5))[1]
    assert "$" not in row
    assert row.endswith("property_0 (number), property_1 (number), 4 more")


def test_fields_that_are_no_fact_are_counted_and_asked_about() -> None:
    """The event is taken all the same; traits of a group call are the client's own."""
    world = make_world()
    facts = {"seats": 5, "seatz": 6, "Limit": {}, "internal_note": "x", "mentions_competitor": False}
    event = {"type": "account.updated", "id": "a1", "account_id": "acme", "properties": facts}
    for _ in range(2):
        assert take("/v1/events", event, world).accepted == 1
    named = {"event": "account.updated", "context": {"groupId": "acme"}, "messageId": "a2", "properties": {"seatz": 7}}
    take("/v1/track", named, world)
    take("/v1/group", {"groupId": "acme", "traits": {"seatz": 5}}, world)
    found = sum_up(world.unmapped.changed(NOW), TRACKING)
    assert found.names == []
    assert [(each.name, each.count, each.example) for each in found.strays] == [
        ("seatz", 3, "a1"),
        ("Limit", 2, "a1"),
        ("internal_note", 2, "a1"),
    ]
    told = list(lines(found, PLAYBOOK, 20))
    at = told.index("Fields of account.updated that are no fact, and have no effect:")
    assert [line.split(" of ")[0].strip() + line[line.index("T") + 6 :] for line in told[at + 1 :]] == [
        "seatz: did you mean seats?",
        "Limit: did you mean limits?",
        "internal_note",
    ]
    assert described(found, PLAYBOOK)["stray_fields"][0]["field"] == "seatz"


def test_an_event_of_many_odd_fields_is_counted_in_part() -> None:
    """Eight fields of an event, and names that are cut."""
    world = make_world()
    facts = {"x" * 99: 1} | {f"odd{number}": 1 for number in range(20)}
    take("/v1/events", {"type": "account.updated", "id": "a", "account_id": "acme", "properties": facts}, world)
    assert len(sum_up(world.unmapped.changed(NOW), TRACKING).strays) == 8
    world = make_world()
    take("/v1/events", {"type": "account.updated", "id": "a", "account_id": "acme", "properties": {"x" * 99: 1}}, world)
    assert [each.name for each in sum_up(world.unmapped.changed(NOW), TRACKING).strays] == ["x" * 64]
