"""The four services. They never import one another; they meet in topics and contracts."""
