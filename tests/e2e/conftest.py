"""One whole stack for each module that asks for it: real processes, real receivers, free ports, a fresh folder."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.e2e.opening import open_stand
from tests.support.e2e.stand import Stand


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stand(request: pytest.FixtureRequest, scratch: Path, jars: list[Path]) -> AsyncIterator[Stand]:
    """A running product with its customers' past loaded. Shape: the module names its `CUSTOMERS` and `SLACK`."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    async with open_stand(folder, jars[0].parent, request.module.SLACK) as running:
        await running.load_past(request.module.CUSTOMERS)
        yield running
    shutil.rmtree(folder, ignore_errors=True)
