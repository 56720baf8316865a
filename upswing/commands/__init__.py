"""One file per command, each ending in its click command: `command = ...`."""
