"""Decides: pure, deterministic, no I/O and no clock."""
