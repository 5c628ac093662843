"""An option that prints a text and leaves, whatever else is given or missing."""

import argparse
from collections.abc import Callable


class Print(argparse.Action):
    """Prints what `const`, a function without arguments, returns."""

    const: Callable[[], str]

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(self.const(), end="")
        parser.exit()
