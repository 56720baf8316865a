"""A count with its noun."""

import pytest

from shared.kernel.phrases import counted


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 categories"), (1, "1 category"), (2, "2 categories"), (1200, "1,200 categories")]
)
def test_one_is_one_and_all_else_is_many(count: int, said: str) -> None:
    """Nought, too; the plural is an s unless it is given."""
    assert counted(count, "category", "categories") == said
    assert counted(count, "day") == said.replace("category", "day").replace("categories", "days")
