"""/v1/people."""
