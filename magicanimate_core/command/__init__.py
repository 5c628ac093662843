"""`python -m magicanimate_core`: the commands, and what only they need."""
