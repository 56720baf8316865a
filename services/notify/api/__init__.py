"""The HTTP of notify: parse, call one thing, answer."""
