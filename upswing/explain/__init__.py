"""`upswing explain`: why an account is where it is, and what would make each rule fire."""
