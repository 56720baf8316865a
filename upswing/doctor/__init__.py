"""What can be wrong with a setup: a check is one function and one row in `rows.py`."""
