"""The settings of notify."""

import subprocess
import sys

LOOK = (
    "import sys, services.notify.settings; print(*sorted({'aiohttp', 'aiokafka', 'sqlalchemy'} & sys.modules.keys()))"
)


def test_settings_pull_in_nothing_that_talks() -> None:
    """They are read by commands and documents, which need no client."""
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    assert done.stdout.strip() == ""
