"""Alembic revisions, a folder for each service that owns a schema, and their one environment."""
