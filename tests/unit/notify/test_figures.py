"""Numbers, times and names as people read them."""

import pytest

from services.notify.core.figures import duration, instant, money, number, shorten, words_of

NOW = 1_790_000_000_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("yes, in part", "yes, in part"),
        (True, "yes"),
        (False, "no"),
        (46, "46"),
        (46.0, "46"),
        (1234567, "1,234,567"),
        (92.456, "92.46"),
        (0.5, "0.5"),
        (-3, "-3"),
    ],
)
def test_numbers_have_at_most_two_places(value: float | str | None, text: str) -> None:
    """And their thousands separated."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(6000, "EUR", "€6,000"), (6000.4, "CHF", "CHF 6,000"), (1_250_000, "USD", "$1.25 M"), (0, "GBP", "£0")],
)
def test_money_has_no_cents(amount: float, currency: str, text: str) -> None:
    """With the sign that people know, else the code."""
    assert money(amount, currency) == text


def test_an_instant_is_shown_in_a_persons_time_zone() -> None:
    """In UTC when the zone is not known."""
    assert instant(NOW) == "Mon 21 Sep 2026, 14:13 UTC"
    assert instant(NOW, "Europe/Berlin") == "Mon 21 Sep 2026, 16:13 CEST"
    assert instant(NOW, "Nowhere/At all") == instant(NOW)
    assert instant(NOW, "../etc/passwd") == instant(NOW)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-5, "0 seconds"),
        (999, "0 seconds"),
        (1_000, "1 second"),
        (59_999, "59 seconds"),
        (60_000, "1 minute"),
        (7_200_000, "2 hours"),
        (86_400_000 * 3, "3 days"),
    ],
)
def test_a_duration_is_in_its_largest_unit(ms: int, text: str) -> None:
    """Rounded down."""
    assert duration(ms) == text


def test_names_of_machines_become_words() -> None:
    """With a capital."""
    assert words_of("team_growth_talk") == "Team growth talk"
    assert words_of("cs_led") == "CS led"
    assert words_of("Team-growth talk; SMB one-click seats") == "Team-growth talk; SMB one-click seats"
    assert words_of("") == ""


def test_a_long_text_is_cut_on_one_line() -> None:
    """And the cut is shown."""
    assert shorten("a\n  b", 10) == "a b"
    assert shorten("abcdefghij", 5) == "abcd…"
