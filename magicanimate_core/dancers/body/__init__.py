"""Bodies and how they move: bones, people, moves, motions."""
