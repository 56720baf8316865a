"""`upswing playbook publish`: a playbook goes into force while everything runs."""
