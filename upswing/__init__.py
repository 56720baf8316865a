"""The console entry `upswing` and its tools."""
