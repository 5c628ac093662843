"""Where people dance: backdrops, painted on an easel."""
