"""All SQL of the pipeline: one module for each noun, functions that take the session of the caller's transaction."""
