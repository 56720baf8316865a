"""The whole stack on one machine with nothing but Python: a real Kafka, a real PostgreSQL, the services, supervised."""
