"""`upswing trace`: where one event is, what it touched, which trigger or why none, which alert."""
