"""How good a finished animation is: frames in, numbers out. No model that animates is run or known here."""
