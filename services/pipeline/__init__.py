"""The pipeline service."""
