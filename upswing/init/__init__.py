"""`upswing init`: from nothing to a playbook, settings, a write key and a first alert, within the first hour."""
