"""Metrics of the signals service. Labels are bounded: types, reasons, rules, stages, partitions."""

from collections import Counter

from prometheus_client import Counter as Metric

from shared.io.metrics import counter, gauge, histogram

__all__ = [
    "ACCOUNTS_BYTES",
    "AGE_SECONDS",
    "BATCH_RECORDS",
    "CORE_INFO",
    "FLUSHES",
    "FLUSH_SECONDS",
    "FOLD_SECONDS",
    "GAPS",
    "LAG_RECORDS",
    "OUTPUTS_TOO_LARGE",
    "PAGES_RESTORED",
    "PAGES_WRITTEN",
    "PAGE_BYTES",
    "PARTITIONS_OWNED",
    "RECORDS",
    "STALE_PAGES",
    "TICKS",
    "WAITED_SECONDS",
    "publish",
]

SERVICE = "signals"
BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 20_000)

CORE_INFO = gauge(SERVICE, "core_info", "1 with the label of the core that runs: compiled or interpreted", ("core",))
RECORDS = counter(SERVICE, "folded_records", "Records of the input log folded")
BATCH_RECORDS = histogram(SERVICE, "batch_records", "Records in a fetched batch of a partition", buckets=BATCH_SIZES)
FOLD_SECONDS = histogram(SERVICE, "fold_seconds", "Time to fold one fetched batch of a partition")
AGE_SECONDS = histogram(SERVICE, "record_age_seconds", "From the broker's timestamp to the end of folding")
FLUSHES = counter(SERVICE, "flush_runs", "Flushes that had something to do")
FLUSH_SECONDS = histogram(SERVICE, "flush_seconds", "Time of each stage of a flush", ("stage",))
PAGES_WRITTEN = counter(SERVICE, "written_pages", "Pages sent to the changelog")
PAGE_BYTES = counter(SERVICE, "written_bytes", "Bytes of pages sent to the changelog")
PAGES_RESTORED = counter(SERVICE, "restored_pages", "Changelog records read at recovery")
STALE_PAGES = counter(SERVICE, "stale_pages", "Pages written again because a late write had shadowed them")
OUTPUTS_TOO_LARGE = counter(SERVICE, "oversized_outputs", "Outputs larger than their topic takes, left out", ("topic",))
WAITED_SECONDS = counter(SERVICE, "waited_seconds", "Seconds that folding has waited for a flush to make room")
TICKS = counter(SERVICE, "written_ticks", "Ticks written to the input log")
LAG_RECORDS = gauge(SERVICE, "lag_records", "Records of a partition that are still to be folded", ("partition",))
GAPS = counter(SERVICE, "passed_offsets", "Offsets without a record that transactions left in the log, passed")
PARTITIONS_OWNED = gauge(SERVICE, "owned_partitions", "Partitions that this worker owns")
ACCOUNTS_BYTES = gauge(SERVICE, "accounts_bytes", "About how much the accounts in memory take")

_COUNTS: dict[str, Metric] = {
    "in": counter(SERVICE, "in_events", "Events folded, by type", ("type",)),
    "rejected": counter(SERVICE, "rejected_lines", "Lines that could not be used, by reason", ("reason",)),
    "duplicates": counter(SERVICE, "duplicate_events", "Events seen before"),
    "misplaced": counter(SERVICE, "misplaced_events", "Events sent on to their own partition"),
    "too_old": counter(SERVICE, "old_events", "Events older than the horizon"),
    "triggers": counter(SERVICE, "trigger_records", "Records on expansion.triggers", ("rule", "record")),
    "held": counter(SERVICE, "held_triggers", "Triggers held, by reason", ("reason",)),
    "rule_failures": counter(SERVICE, "rule_failures", "Rules that raised", ("rule",)),
    "snapshots": counter(SERVICE, "written_snapshots", "Snapshots sent"),
    "loaded": counter(SERVICE, "loaded_accounts", "Accounts loaded from the local store, once let go or after a start"),
    "let_go": counter(SERVICE, "idle_accounts", "Accounts let go from memory; their next event loads them"),
    "removed_accounts": counter(SERVICE, "removed_accounts", "Accounts that an operator has removed"),
    "noticed": counter(SERVICE, "noticed_snapshots", "Snapshots with a fact without effect, such as an unknown plan"),
}
_OTHER = counter(SERVICE, "other_counts", "What the engine counts beyond the above", ("kind",))


def publish(counts: Counter[tuple[str, ...]]) -> None:
    """Add what an engine has counted since the last time."""
    for (kind, *labels), count in counts.items():
        metric = _COUNTS.get(kind)
        if metric is None:
            _OTHER.labels(kind).inc(count)
        elif labels:
            metric.labels(*labels).inc(count)
        else:
            metric.inc(count)
