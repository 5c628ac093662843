"""A package, so that its fixtures can end with it: while a browser is open, nothing else runs an event loop."""
