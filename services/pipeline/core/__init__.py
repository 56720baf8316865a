"""What the pipeline decides: stages, service levels, owners and the scorecard. Pure."""
