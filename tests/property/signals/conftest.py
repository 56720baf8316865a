"""How long the properties of signals are searched: `HYPOTHESIS_PROFILE=thorough` for hours, else seconds."""

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("signals", max_examples=40, deadline=None, suppress_health_check=SLOW)
settings.register_profile("thorough", max_examples=5_000, print_blob=True, deadline=None, suppress_health_check=SLOW)
settings.load_profile("thorough" if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else "signals")
