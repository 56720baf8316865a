"""What the playbook looks like to others: its JSON Schema, and the reference page with every field and its bounds.

Source: design (contracts). Both are generated, and a contract test holds them against this code.
"""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec

from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.words import allowed_words

_HEAD = """# The playbook, field by field

Generated from the code by `upswing playbook reference`; do not edit. One YAML file holds every number that Upswing
works with: `playbooks/default.yaml` is the one that is used unless you name another. `upswing playbook check <file>`
says whether a file can be used; a wrong value is refused with its path, what was found and what is allowed, and so are
unknown and repeated keys, levels that do not rise, windows that reach back beyond `time.horizon_days`, and names of
plans, features, plays, segments or event types that do not exist.

A playbook of your own says what it builds on, has a version of its own, which every trigger names, and holds only what
differs:

```yaml
extends: default # the playbook that comes with Upswing, or the name of a file beside this one
version: own-1
gate:
  smb: {sentiment: 8}
```

Mappings are merged field by field; lists, and the offers in `plans`, `products` and `addons`, replace the other's.

Percentages and multiples are whole percent (1.4 times = 140); amounts are in `currency`, prices a month's.
`<name>` stands for a key of your choice, `[]` for an item of a list; the defaults are those of the file above.

| field | allowed | default |
|---|---|---|
"""


def playbook_schema() -> dict[str, Any]:
    """Return the JSON Schema of a playbook file."""
    schema = msgspec.json.schema(Playbook)
    del schema["$defs"]["Playbook"]["properties"]["digest"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Upswing playbook"} | schema


def reference_page(playbook: Playbook) -> str:
    """Return the reference page as Markdown, with the values of a playbook as defaults."""
    rows = [f"| `{path}` | {allowed} | {shown} |" for path, allowed, shown in _rows(Playbook, playbook, "")]
    return _HEAD + "\n".join(rows) + "\n"


def _rows(kind: type[msgspec.Struct], value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    hints = get_type_hints(kind, include_extras=True)
    required = {field.name for field in msgspec.structs.fields(kind) if field.required}
    for name in kind.__struct_fields__:
        if kind is Playbook and name == "digest":
            continue
        inner = value if value is _ABSENT else getattr(value, name)
        yield from _describe(hints[name], inner, f"{path}.{name}".strip("."), name in required)


class _Absent:
    """Stands for a value that the shown playbook does not have, or has many of."""


_ABSENT = _Absent()


def _describe(hint: Any, value: Any, path: str, required: bool) -> Iterator[tuple[str, str, str]]:
    struct, mark = _struct_in(hint)
    if struct is not None:
        yield from _rows(struct, _ABSENT if mark else value, path + mark)
        return
    allowed = allowed_words(msgspec.inspect.type_info(hint))
    shown = "" if value is _ABSENT or value == "" else f"`{msgspec.json.encode(value).decode()}`"
    yield path, (allowed if required else f"{allowed} (optional)").replace("|", "\\|"), shown.replace("|", "\\|")


def _struct_in(hint: Any) -> tuple[type[msgspec.Struct] | None, str]:
    """Return the struct that a field holds, one or many, and how its path goes on."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint, ""
    args, mark = get_args(hint), "[]"
    if getattr(hint, "__origin__", None) is dict:
        args, mark = args[1:], ".<name>"
    elif getattr(hint, "__origin__", None) is not tuple:
        mark = ""
    for arg in args:
        struct, inner = _struct_in(arg)
        if struct is not None:
            return struct, mark + inner
    return None, ""
