"""Exact decimals: quantities, levels, costs and limits as integers of millionths.

Source: definitions 9 and 45.
"""

from decimal import Decimal, InvalidOperation

MILLION = 1_000_000
EXACT_FLOAT_BOUND = 9_000_000_000.0  # below it a double has room for six decimal places (2**53 / 10**6)
LARGEST = 10**15  # in units; a larger quantity is a client's mistake and would bloat pages
ALLOWED = "must be a number or its decimal text, from 0 to 10^15, with at most six decimal places"


def millionths(value: float | str) -> int:
    """Return a quantity as an exact integer of millionths.

    Errors: `ValueError` with one sentence for negative, non-finite, too precise or unreadable values.
    """
    if type(value) is int and 0 <= value <= LARGEST:
        return value * MILLION
    if type(value) is float and 0.0 <= value < EXACT_FLOAT_BOUND:
        scaled = round(value * 1e6)
        if scaled / 1e6 == value:
            return scaled
        raise ValueError(f"{ALLOWED}, got {value!r}")
    if isinstance(value, bool):
        raise ValueError(f"{ALLOWED}, got {value!r}")
    try:
        exact = Decimal(str(value)) * MILLION
    except InvalidOperation:
        raise ValueError(f"{ALLOWED}, got {value!r:.60}") from None
    if not exact.is_finite() or not 0 <= exact <= LARGEST * MILLION or exact != exact.to_integral_value():
        raise ValueError(f"{ALLOWED}, got {value!r:.60}")
    return int(exact)


def as_number(value: int) -> int | float:
    """Return an integer of millionths as a JSON number, for display and evidence."""
    whole, part = divmod(value, MILLION)
    return whole if not part else value / MILLION
