"""What ingest counts and measures. Labels are bounded: sources are the names of write keys."""

from functools import lru_cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

from shared.io.metrics import SECONDS, counter, gauge, histogram

PACK_BYTES = tuple(256.0 * 4**power for power in range(7))


class Metrics:
    """The metrics of one ingest process."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        def count(what_unit: str, doc: str, *labels: str) -> Counter:
            return counter("ingest", what_unit, doc, labels, registry)

        def take(what_unit: str, doc: str, buckets: tuple[float, ...]) -> Histogram:
            return histogram("ingest", what_unit, doc, buckets=buckets, registry=registry)

        self._requests = count("http_requests", "Requests answered", "route", "status")
        self._taken = count("events_in", "Events and calls read", "source", "dialect")
        self._accepted = count("events_accepted", "Events written to the log and acknowledged", "source")
        self._rejected = count("events_rejected", "Events rejected", "source", "reason")
        self.bodies_refused = count("bodies_refused", "Whole bodies refused for what they are", "source", "reason")
        self._over_quota = count("events_over_quota", "Events refused because the quota of a key was used up", "source")
        self.duplicates = count("events_duplicate", "Acknowledged events that repeat a recent one")
        self.clamped = count("events_clamped", "Events whose time lay in the future")
        self.corrected = count("events_corrected", "Events whose time was corrected by the client's clock")
        self.unmapped = count("events_unmapped", "Calls that no row of the tracking plan names")
        self.ignored = count("events_ignored", "Calls that a row of the tracking plan ignores")
        self.letters_retaken = count("letters_retaken", "Dead letters sent to the log once their account was known")
        self.letters_left = count("letters_left", "Dead letters that had no room to wait for their account")
        self.body_bytes = count("body_bytes", "Bytes of bodies, inflated")
        self.records_failed = count("records_failed", "Records that the broker refused")
        self.request_seconds = take("request_seconds", "Seconds from a request to its answer", SECONDS)
        self.ack_seconds = take("ack_seconds", "Seconds from sending a record to its ack", SECONDS)
        self.pack_bytes = take("pack_bytes", "Bytes of a record with packed events", PACK_BYTES)
        self.in_flight_bytes = gauge("ingest", "in_flight_bytes", "Bytes being read or waiting", registry=registry)
        self.identities = gauge("ingest", "identities_known", "Users whose account is known", registry=registry)
        self.letters_waiting = gauge(
            "ingest", "letters_waiting", "Dead letters that wait for their account", registry=registry
        )
        self.keys = gauge("ingest", "keys_valid", "Write keys that are valid", registry=registry)
        self.source_silent = gauge("ingest", "source_silent", "1 while a source is silent", ("source",), registry)
        self.source_heard = gauge(
            "ingest", "source_heard_timestamp_seconds", "When a source was last heard", ("source",), registry
        )
        self.requests = lru_cache(1024)(self._requests.labels)
        self.taken = lru_cache(1024)(self._taken.labels)
        self.accepted = lru_cache(1024)(self._accepted.labels)
        self.rejected = lru_cache(1024)(self._rejected.labels)
        self.over_quota = lru_cache(1024)(self._over_quota.labels)
