"""/v1/scorecard."""
