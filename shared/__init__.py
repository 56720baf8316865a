"""What all services share: the pure kernel and the thin I/O layer."""
