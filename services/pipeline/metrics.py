"""The metrics of the pipeline."""

from shared.io.metrics import counter, gauge, histogram

SERVICE = "pipeline"

TRIGGERS = counter(SERVICE, "triggers_records", "Records of triggers taken, by kind of record", ("record",))
DUPLICATES = counter(SERVICE, "inbox_duplicates", "Records that had been taken before", ("record",))
DEAD = counter(SERVICE, "dead_letters", "Records that could not be used, by reason", ("reason",))
ACCOUNT_RECORDS = counter(SERVICE, "account_records", "Facts and snapshots taken", ("topic",))
CHANGES = counter(SERVICE, "item_changes", "Changes of leads and tasks", ("item", "change"))
ESCALATIONS = counter(SERVICE, "sla_escalations", "Missed service levels", ("item",))
RETRIES = counter(SERVICE, "batch_retries", "Batches tried again because the database failed", ("feed",))
COMMIT_FAILURES = counter(SERVICE, "offset_commit_failures", "Offsets that could not be committed", ("feed",))
ERASURES = counter(SERVICE, "erased_users", "Persons taken out of what is kept of an account")
SENT = counter(SERVICE, "outbox_records", "Records published from the outbox", ("topic",))
SEND_FAILURES = counter(SERVICE, "outbox_failures", "Batches of the outbox that were not delivered")

TRANSACTION_SECONDS = histogram(SERVICE, "transaction_seconds", "Duration of a transaction", ("work",))
TRIGGER_SECONDS = histogram(SERVICE, "trigger_to_csql_seconds", "From a trigger's emission to its commit here")
OUTBOX_SECONDS = histogram(SERVICE, "outbox_wait_seconds", "From a change's commit to the broker's ack")

LAG = gauge(SERVICE, "lag_records", "Records not taken yet", ("feed",))
OUTBOX_AGE = gauge(SERVICE, "outbox_age_seconds", "Age of the oldest record not published yet")
CSQLS = gauge(SERVICE, "csqls_open", "Open leads, by stage", ("stage",))
TASKS = gauge(SERVICE, "tasks_open", "Open tasks, by kind", ("kind",))
CROSS_SELL_SHARE = gauge(
    SERVICE, "cross_sell_share", "Share of healthy accounts with an open cross-sell; 1 while none is healthy"
)
HELD = gauge(SERVICE, "triggers_held", "Triggers held now")
