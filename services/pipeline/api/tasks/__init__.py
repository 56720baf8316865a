"""/v1/tasks."""
