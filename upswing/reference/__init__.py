"""The generated parts of `docs/`: event types, topics, settings, metrics, OpenAPI; `pages.py` has the rows."""
