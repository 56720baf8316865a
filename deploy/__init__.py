"""How Upswing is run: locally embedded, composed, or charted."""
