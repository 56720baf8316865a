"""The sentences that several checks share: path, what was found, what is allowed."""

from collections.abc import Iterator


def rising(path: str, field: str, values: list[int]) -> Iterator[str]:
    """Yield a sentence for each value that is not above the one before."""
    for place in range(1, len(values)):
        if values[place] <= values[place - 1]:
            yield f"{path}.{place}.{field}: found {values[place]}, allowed is more than {values[place - 1]}"


def twice(path: str, names: tuple[str, ...]) -> Iterator[str]:
    """Yield a sentence for each name that is listed more than once."""
    yield from (f"{path}: found {name!r} twice, once is enough" for name in sorted(set(names)) if names.count(name) > 1)


def unknown(path: str, found: str, what: str, known: list[str]) -> str:
    """Return the sentence about a name that nothing has."""
    return f"{path}: found {found!r}, allowed is {what}: {', '.join(known) or 'none is given'}"
