"""/v1/accounts."""
