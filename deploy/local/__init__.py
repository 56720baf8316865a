"""Kafka and PostgreSQL embedded from wheels, and the supervised local stack."""
