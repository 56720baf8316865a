"""How far apart works lie that hold the loop: a tenth of its time is theirs, as long as nobody waits too long for it.

Source: design (throughput).
"""

__all__ = ["pause_after"]

BUSY_SHARE = 0.1
LONGEST_PAUSE = 4  # times the usual one


def pause_after(busy_seconds: float, usual_seconds: float) -> float:
    """Return how long to wait for the next turn of a work whose last one has held the loop for so long."""
    return min(max(busy_seconds / BUSY_SHARE, usual_seconds), LONGEST_PAUSE * usual_seconds)
