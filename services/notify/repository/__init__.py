"""The SQL of notify; nothing else in the service writes SQL. Every function works inside its caller's transaction."""
