"""A fresh folder for each demo: history can only be loaded into a new log. What killed demos left behind is removed."""

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from deploy.local.leftovers import end_leftovers, only_one
from deploy.local.noted import DEMO_PREFIX
from deploy.local.postgres import LocalPostgres
from deploy.local.settings import SETTINGS_FILE
from shared.kernel.errors import ConfigurationError, DependencyError
from upswing.trace.alerts import TOKEN

DATABASE_FOLDER = "postgres"


def fresh_folder(parent: Path) -> Path:
    """Return a new folder for one demo. Errors: `ConfigurationError` when it cannot be made."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        return Path(mkdtemp(prefix=DEMO_PREFIX, dir=parent))
    except OSError as error:
        raise ConfigurationError(
            f"no folder for the demo can be made in {parent}: {error.strerror}; name another one with --data"
        ) from None


def write_settings(folder: Path) -> None:
    """Write the settings that services and commands read alike: the token that opens notify's API, as `trace` does."""
    (folder / SETTINGS_FILE).write_text(f"{TOKEN}={secrets.token_urlsafe()}\n")


def remove_abandoned(parent: Path, say: Callable[[str], None]) -> None:
    """Remove the folders of demos that are no more, and end the programs that they left running."""
    for folder in sorted(parent.glob(f"{DEMO_PREFIX}*")):
        try:
            with only_one(folder):
                for name in end_leftovers(folder / "run"):
                    say(f"{name} of an earlier demo was still running and has been stopped")
                _stop_database(folder)
        except ConfigurationError:
            continue  # that demo still runs
        except DependencyError as error:
            say(str(error))
            continue
        shutil.rmtree(folder, ignore_errors=True)


def _stop_database(folder: Path) -> None:
    if (folder / DATABASE_FOLDER / "postmaster.pid").exists():
        postgres = LocalPostgres((folder / DATABASE_FOLDER).absolute())
        postgres.start()
        postgres.stop()
