"""The method of the paper, as tensor maths: torch and einops only."""
