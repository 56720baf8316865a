"""Of an account that is not known: which may have been meant, and why there is none."""

import pytest

from upswing.explain.find import Found, why_none
from upswing.explain.similar import similar

NAMES = {
    "acc_quarry": "Quarry Works",
    "acc_cobalt": "Cobalt Energy",
    "acc_sable": "Sable Studio",
    "42": "",
    "7": "Globex",
}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("quarry", ("acc_quarry",)),
        ("ACC_Quary", ("acc_quarry",)),
        ("Quarry Works", ("acc_quarry",)),
        ("works", ("acc_quarry",)),
        ("globx", ("7",)),
        ("zz", ()),
        ("ac", ()),
    ],
)
def test_ids_and_names_that_are_near_are_offered(asked: str, meant: tuple[str, ...]) -> None:
    """Mistyped, a part of either, or the name in place of the id."""
    assert similar(asked, NAMES)[: len(meant) or None] == meant


def test_only_a_few_are_offered() -> None:
    """A part that is in all ids means none in particular."""
    assert similar("acc_", NAMES) == ("acc_sable", "acc_cobalt", "acc_quarry")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Found(similar=("a", "b"), known=2), "did you mean a or b?"),
        (Found(similar=("a",), behind=3, known=2), "did you mean a? Or signals is 3 records behind in its partition"),
        (Found(behind=3), "signals is 3 records behind in its partition: is it running and ready?"),
        (Found(known=1_200), "no event of it was folded, of 1,200 others some were; `upswing trace <event id>`"),
        (Found(known=1), "no event of it was folded, of 1 other account some were; `upswing trace <event id>`"),
        (Found(), "nothing is known of any account yet: send events"),
    ],
)
def test_why_there_is_none_is_one_sentence(found: Found, why: str) -> None:
    """Misspelt, late, or never heard of."""
    assert f"nothing is known of account x: {why}" in why_none("x", found)
