"""Every topic and its settings, in one table; `upswing topics check` compares it with the broker.

Source: design (durability).
"""

import msgspec

DAY_MS = 86_400_000
RETAINED = {"cleanup.policy": "delete", "retention.ms": str(30 * DAY_MS)}
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": str(3_600_000),
    "max.compaction.lag.ms": str(DAY_MS),
}
COMPACTED_AND_RETAINED = COMPACTED | {"cleanup.policy": "compact,delete", "retention.ms": str(30 * DAY_MS)}
PAGE_BATCH_BYTES = 16 << 20  # all pages of one account travel in one atomic batch


class Topic(msgspec.Struct, frozen=True):
    """One topic. `partitions` None: as many as the input log has; `settings` go to the broker as they are."""

    name: str
    what: str
    settings: dict[str, str]
    partitions: int | None = None


EVENTS = Topic(
    "events",
    "the one input log: packed events and control records, in the broker's order",
    RETAINED | {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(4 << 20)},
)
TRIGGERS = Topic("expansion.triggers", "triggers: fired, held, released, resolved", RETAINED)
FACTS = Topic("account.facts", "account and commercial events for the pipeline", RETAINED)
SNAPSHOTS = Topic("account.snapshots", "the latest explained state of each account", COMPACTED)
CSQL_CHANGES = Topic("csql.changes", "what happened to leads and tasks", RETAINED)
DEAD_LETTERS = Topic(
    "dead.letters", "what could not be used, with its reason", RETAINED | {"max.message.bytes": str(4 << 20)}
)
PLAYBOOKS = Topic("playbooks", "playbook bodies by version", COMPACTED, partitions=1)
PEOPLE = Topic("people", "who is who: names, addresses, managers, hours", COMPACTED, partitions=1)
IDENTITIES = Topic("identities", "which account a user belongs to, per source", COMPACTED)
TALLIES = Topic(
    "ingest.tallies",
    "what each ingest process counted: events an hour and source, names that nothing maps",
    COMPACTED_AND_RETAINED,
    partitions=1,
)
CHANGELOG = Topic(
    "signals-pages-changelog", "pages of the signals service", COMPACTED | {"max.message.bytes": str(PAGE_BATCH_BYTES)}
)

TOPICS: tuple[Topic, ...] = (
    EVENTS,
    TRIGGERS,
    FACTS,
    SNAPSHOTS,
    CSQL_CHANGES,
    DEAD_LETTERS,
    PLAYBOOKS,
    PEOPLE,
    IDENTITIES,
    TALLIES,
    CHANGELOG,
)
LOCAL_PARTITIONS = 24
