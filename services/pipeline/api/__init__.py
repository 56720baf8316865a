"""The HTTP edge: a folder is a noun; endpoints parse, call one service function and answer."""
