"""HTTP: the hot routes as plain ASGI, and their description."""
