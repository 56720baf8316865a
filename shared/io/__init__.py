"""The outside world, one library each: Kafka, PostgreSQL, logs, metrics and health."""
