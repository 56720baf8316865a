"""Names and texts as SQL: the only way in which anything of a mapping or a file gets into a statement."""


def name(text: str) -> str:
    """Return a name as a quoted identifier."""
    return '"' + text.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a text as a quoted literal."""
    return "'" + value.replace("'", "''") + "'"


def texts(values: list[str]) -> str:
    """Return texts as a list literal."""
    return "[" + ", ".join(map(text, values)) + "]"


def path(dotted: str) -> str:
    """Return a dotted path, its parts with an index in brackets if they are lists, as a quoted JSON path."""
    found = "$"
    for part in dotted.split("."):
        key, bracket, index = part.partition("[")
        found += '."' + key.replace('"', '\\"') + '"'
        if bracket and index[:-1].isdigit() and index.endswith("]"):
            found += f"[{index}"
    return text(found)
