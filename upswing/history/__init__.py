"""The past: files of rows read by a declarative mapping, and a player that tells history to the log in its order."""
