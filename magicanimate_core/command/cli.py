"""`python -m magicanimate_core COMMAND`: animate, train or prepare, without a host."""

import argparse
import importlib
import logging
import os
import sys

COMMANDS = {  # name: module with DESCRIPTION, EPILOG, add_arguments(parser) and main(options), and what it does
    "animate": (".animate", "animate photos along DensePose videos"),
    "train": (".train", "train the appearance encoder, the ControlNet and the temporal layers"),
    "prepare": (".prepare", "crop, resample and check clips and pictures for training"),
}


def parser(wanted: str | None) -> argparse.ArgumentParser:
    """Knows all commands; only the wanted one's module is imported, so `animate` needs nothing that training needs."""
    top = argparse.ArgumentParser(prog="python -m magicanimate_core", description="MagicAnimate without a host.")
    commands = top.add_subparsers(dest="command", required=True)
    for name, (place, about) in COMMANDS.items():
        module = importlib.import_module(place, __package__) if name == wanted else None
        command = commands.add_parser(
            name,
            help=about,
            description=getattr(module, "DESCRIPTION", None),
            epilog=getattr(module, "EPILOG", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if module:
            module.add_arguments(command)
            command.set_defaults(run=module.main)
    return top


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser(arguments[0] if arguments else None).parse_args(arguments)
    logging.getLogger("diffusers").setLevel(logging.ERROR)
    try:
        return options.run(options) or 0
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        # another process of the job is gone: leave without waiting for it
        os._exit(1) if isinstance(error, ConnectionError) else None
        return 2
