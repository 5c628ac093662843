"""`python -m magicanimate_core prepare`: any clips or pictures with their DensePose, checked and made ready for training."""

from ...command.prepare import add_arguments, main

__all__ = ["add_arguments", "main"]
