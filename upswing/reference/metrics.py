"""The table of metrics, from the metrics that each service declares."""

from collections.abc import Iterator
from types import ModuleType

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from services.ingest.metrics import Metrics
from services.notify import metrics as notify
from services.pipeline import metrics as pipeline
from services.signals import metrics as signals

__all__ = ["declared", "metrics"]


def metrics() -> str:
    """Return the tables of all metrics as Markdown, a service after the other."""
    parts = []
    for service, found in declared().items():
        rows = [_row(metric) for metric in sorted(found, key=_name)]
        head = ["| metric | kind | labels | what |", "|---|---|---|---|"]
        parts.append("\n".join([f"### {service}", "", *head, *rows]))
    return "\n\n".join(parts)


def declared() -> dict[str, list[MetricWrapperBase]]:
    """Return the metrics of each service."""
    registry = CollectorRegistry()
    Metrics(registry)
    found: dict[str, list[MetricWrapperBase]] = {"ingest": [*_registered(registry)]}
    for name, module in (("signals", signals), ("pipeline", pipeline), ("notify", notify)):
        found[name] = [*_in_module(module)]
    return found


def _registered(registry: CollectorRegistry) -> Iterator[MetricWrapperBase]:
    collectors = registry._collector_to_names  # noqa: SLF001 - the registry has no public list of its metrics
    yield from (metric for metric in collectors if isinstance(metric, MetricWrapperBase))


def _in_module(module: ModuleType) -> Iterator[MetricWrapperBase]:
    for value in vars(module).values():
        values = value.values() if isinstance(value, dict) else (value,)
        yield from (metric for metric in values if isinstance(metric, MetricWrapperBase))


def _name(metric: MetricWrapperBase) -> str:
    described = next(iter(metric.describe()))
    return f"{described.name}_total" if described.type == "counter" else described.name


def _row(metric: MetricWrapperBase) -> str:
    described = next(iter(metric.describe()))
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)  # noqa: SLF001 - there is no public name for them
    return f"| `{_name(metric)}` | {described.type} | {labels} | {described.documentation} |"
