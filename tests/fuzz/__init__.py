"""Bodies of every dialect, with parts replaced, cut, nested and broken, against the core and the HTTP edge."""
