"""Compiles the core of signals with mypyc, once for each state of its sources (ADR 0015)."""
