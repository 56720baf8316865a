"""One module per outside library: Kafka, database, HTTP, metrics, logs, health."""
