"""Files of the past: a mapping says what their rows mean, DuckDB reads and sorts them, and they go to the log."""
