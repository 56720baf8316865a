"""What the chaos tests of the pipeline share with its integration tests."""

from tests.integration.pipeline.conftest import database, log, template

__all__ = ["database", "log", "template"]
