"""Small phrases that sentences for people are made of."""

__all__ = ["counted"]


def counted(count: float, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 trigger`, `3 triggers`, `2 categories`. Shape: `many` where no s is added."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
