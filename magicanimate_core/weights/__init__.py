"""Model files: what is in them, opened without executing code, refused in a sentence."""
