"""What to paste into the product: one snippet for each client, with the real address and key. Pure."""

import json
from urllib.parse import urlsplit

__all__ = ["CLIENTS", "PLACEHOLDER", "snippets"]

PLACEHOLDER = "<write key>"

CURL = """\
curl -u '{key}:' -H 'Content-Type: application/json' {url}/v1/events -d '
  {{"id": "e-1", "type": "feature.used", "account_id": "acme", "user_id": "u-1",
   "properties": {{"feature": "reports"}}}}'
"""
SEGMENT = """\
import segment.analytics as analytics          # pip install segment-analytics-python

analytics.write_key = "{key}"
analytics.host = "{url}"
analytics.group("u-1", "acme", {{"name": "Acme", "plan": "{plan}"}})
analytics.track("u-1", "Report Exported", context={{"groupId": "acme"}})
analytics.flush()
"""
RUDDER = """\
import rudderstack.analytics as analytics      # pip install rudder-sdk-python

analytics.write_key = "{key}"
analytics.dataPlaneUrl = "{url}"
analytics.group("u-1", "acme", {{"name": "Acme", "plan": "{plan}"}})
analytics.track("u-1", "Report Exported", context={{"groupId": "acme"}})
analytics.flush()
"""
POSTHOG = """\
from posthog import Posthog                    # pip install posthog

posthog = Posthog("{key}", host="{url}")
posthog.group_identify("company", "acme", {{"name": "Acme", "plan": "{plan}"}})
posthog.capture("Report Exported", distinct_id="u-1", groups={{"company": "acme"}})
posthog.shutdown()
"""
CLOUDEVENTS = """\
curl -H 'Authorization: Bearer {key}' -H 'Content-Type: application/cloudevents+json' {url}/v1/events -d '
  {{"specversion": "1.0", "id": "e-2", "source": "my-product", "type": "feature.used", "accountid": "acme",
   "userid": "u-1", "data": {{"feature": "reports"}}}}'
"""
OPENMETER = """\
curl -H 'Authorization: Bearer {key}' -H 'Content-Type: application/cloudevents+json' {url}/api/v1/events -d '
  {{"specversion": "1.0", "id": "e-3", "source": "my-product", "type": "{metric}", "subject": "acme",
   "data": {{"value": 3}}}}'
"""
KAFKA = """\
import json, time
from confluent_kafka import Producer           # pip install confluent-kafka; more in docs/producers.md

producer = Producer({{"bootstrap.servers": "{kafka}", "partitioner": "murmur2_random", "enable.idempotence": True}})
event = {{"id": "e-4", "type": "feature.used", "account_id": "acme", "user_id": "u-1", "source": "my-product",
         "occurred_at": int(time.time() * 1000), "properties": {{"feature": "reports"}}}}
producer.produce("{prefix}events", json.dumps(event), key=event["account_id"])  # the key decides the partition
producer.flush()
"""
CLIENTS = {
    "curl": CURL,
    "Segment (Python; other languages alike: write key and host)": SEGMENT,
    "RudderStack": RUDDER,
    "PostHog": POSTHOG,
    "CloudEvents": CLOUDEVENTS,
    "OpenMeter": OPENMETER,
    "Kafka, without HTTP": KAFKA,
}


def snippets(url: str, key: str, kafka: str, prefix: str, plan: str, metric: str) -> list[tuple[str, str]]:
    """Return each client's name with its snippet."""
    if urlsplit(url).hostname is None:
        raise ValueError(f"{url!r} is no address")
    values = {"url": url, "key": key, "kafka": kafka, "prefix": prefix}
    values |= {"plan": json.dumps(plan)[1:-1], "metric": json.dumps(metric)[1:-1]}  # within quotes in each snippet
    return [(name, text.format_map(values)) for name, text in CLIENTS.items()]
