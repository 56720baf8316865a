"""What Prometheus sees of notify. Labels are channels, states and reasons: never an account or a trigger."""

from shared.io.metrics import counter, gauge, histogram

_S = "notify"

TAKEN = counter(_S, "taken_records", "Records taken from Kafka, by topic", ("topic",))
DUPLICATES = counter(_S, "duplicate_records", "Records that had been taken before, by topic", ("topic",))
REJECTED = counter(
    _S, "rejected_records", "Records that went to dead.letters, by topic and reason", ("topic", "reason")
)
DECISIONS = counter(_S, "decision_records", "Decisions about triggers and changes, by why", ("why",))
HELD = counter(_S, "held_triggers", "Held triggers, by the reason that held them", ("reason",))
ALERTS = counter(
    _S,
    "alert_messages",
    "Attempts to send, by channel, action and what became of them",
    (
        "channel",
        "action",
        "outcome",
    ),
)
REPEATS = counter(_S, "repeat_messages", "Messages sent again because an answer was lost", ("channel",))
LOST_LEASES = counter(_S, "lost_leases", "Answers that came after the lease had gone to another sender", ("channel",))
HOPS = histogram(
    _S,
    "hop_seconds",
    "Seconds between the stations of an alert: received (by ingest), emitted (by signals), consumed, sent",
    ("hop",),
)
LAG = gauge(_S, "lag_records", "Records that wait on the topics, by topic", ("topic",))
OUTBOX = gauge(_S, "outbox_deliveries", "Deliveries that are not settled, by channel and state", ("channel", "state"))
OLDEST = gauge(_S, "oldest_unsent_seconds", "Age of the oldest alert that is not settled; 0 when there is none")
INTERACTIONS = counter(_S, "interaction_requests", "Buttons pressed, by what became of the request", ("outcome",))
