"""`upswing schemas`: write the JSON Schemas of the public records to `docs/schemas/`."""

import json
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import click
import msgspec

from shared.kernel.controls import CONTROLS
from shared.kernel.csql_changes import CsqlChange
from shared.kernel.dead_letters import DeadLetter
from shared.kernel.events import EVENT_TYPES
from shared.kernel.people import Person
from shared.kernel.snapshots import Snapshot
from shared.kernel.triggers import Trigger

__all__ = ["SCHEMAS", "command", "schema_text"]

EVENT_SHAPES: Any = reduce(or_, [row.shape for row in EVENT_TYPES])
CONTROL_SHAPES: Any = reduce(or_, CONTROLS)
SCHEMAS: dict[str, tuple[Any, str]] = {
    "events": (EVENT_SHAPES, "One line of a record on `events`."),
    "controls": (CONTROL_SHAPES, "One control record on `events`; written by Upswing only."),
    "expansion.triggers": (Trigger, "One record on `expansion.triggers`."),
    "account.snapshots": (Snapshot, "One record on `account.snapshots`."),
    "csql.changes": (CsqlChange, "One record on `csql.changes`."),
    "people": (Person, "One record on `people`."),
    "dead.letters": (DeadLetter, "One record on `dead.letters`."),
}


def schema_text(name: str) -> str:
    """Return the schema of a record as it stands in `docs/schemas/<name>.json`. Errors: `KeyError`."""
    shape, description = SCHEMAS[name]
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, "description": description}
    return json.dumps(schema | msgspec.json.schema(shape), indent=2, sort_keys=True) + "\n"


@click.command(name="schemas")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("docs/schemas"), show_default=True)
def command(folder: Path) -> None:
    """Write the JSON Schemas of the public records."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        (folder / f"{name}.json").write_text(schema_text(name))
        click.echo(folder / f"{name}.json")
