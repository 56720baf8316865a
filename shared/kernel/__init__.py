"""Pure domain vocabulary: events, triggers, topics, ids, time and numbers. No I/O, no clock reading."""
