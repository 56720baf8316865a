"""The running product as init talks to it: somebody else on its ports is told as such."""

import httpx
import pytest

from deploy.local.settings import local_settings
from shared.kernel.errors import DependencyError
from upswing.init.site import Site


async def test_a_program_that_is_not_ours_is_named_with_its_address() -> None:
    """Whatever its status is: at the readiness, at ingest's door and at the pipeline's."""

    def other(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(404 if "readyz" in _request.url.path else 200, text="<html>It works!</html>")

    async with httpx.AsyncClient(transport=httpx.MockTransport(other)) as api:
        site = Site(local_settings(ingest_port=18080, pipeline_port=18081), api, "upw_x", "token")
        troubles = await site.not_ready()
        assert troubles[0].startswith("it is not ingest that answers at http://127.0.0.1:18080 (404, '<html>It works!")
        with pytest.raises(DependencyError, match="it is not ingest that answers"):
            await site.send([])
        with pytest.raises(DependencyError, match="it is not pipeline that answers at http"):
            await site.leads("acme")
