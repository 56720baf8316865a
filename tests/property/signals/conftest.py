"""How long the properties of signals are searched: `HYPOTHESIS_PROFILE=thorough` for hours, else seconds."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("signals", max_examples=25, deadline=None, suppress_health_check=SLOW)
settings.register_profile("thorough", max_examples=5_000, print_blob=True, deadline=None, suppress_health_check=SLOW)
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
settings.load_profile("thorough" if THOROUGH else "signals")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a thorough search run for as long as it takes."""
    for item in items:
        if THOROUGH and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(0))
