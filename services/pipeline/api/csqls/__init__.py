"""/v1/csqls."""
