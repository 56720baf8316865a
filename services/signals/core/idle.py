"""Accounts that lie idle are let go from memory; their pages are in the store, and their next event loads them.

Source: design (state), ADR 0016.
"""

from services.signals.core.partition import Partition


def let_go(state: Partition, so_many_bytes: int) -> None:
    """Let accounts go, those first that were written longest ago, until about so many bytes are free.

    One with changes that are in no page yet stays. One that is still to be shown is loaded for it.
    """
    for _account in state.shelf.let_go(so_many_bytes, state.dirty):
        state.counts["let_go",] += 1
