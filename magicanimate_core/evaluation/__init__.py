"""How good a finished animation is: frames in, numbers out. No model is run or known here."""
