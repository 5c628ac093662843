"""`python -m magicanimate_core COMMAND`: pose, animate, train, evaluate, ablate or prepare, without a host."""

import argparse
import importlib
import logging
import sys

COMMANDS = {  # name: module with DESCRIPTION, perhaps EPILOG, add_arguments(parser), main(options), and what it does
    "pose": (".pose", "make the pose video from a film"),
    "animate": (".animate", "animate photos along DensePose videos"),
    "train": (".train", "train the appearance encoder, the ControlNet and the temporal layers"),
    "evaluate": (".evaluate", "compare generated videos with true ones, in the numbers that papers print"),
    "ablate": (".ablate", "make and measure the rows of the paper's ablation, or your own"),
    "prepare": (".prepare", "crop, resample and check clips and pictures for training"),
}
NEEDS = {  # what `pip install` takes for a command beside torch, einops, safetensors: the extras of pyproject.toml
    "train": "diffusers transformers accelerate av pillow opencv-python-headless pyyaml tqdm numpy",
    "evaluate": "scikit-image pytorch-fid==0.3.0 lpips av pillow opencv-python-headless tqdm numpy",
}
NEEDS["ablate"] = f"diffusers transformers pyyaml {NEEDS['evaluate']}"
NEEDS |= {"prepare": NEEDS["train"]} | dict.fromkeys(("pose", "animate"), "diffusers transformers av pillow tqdm numpy")
OURS = __package__.rsplit(".", 1)[0]


def parser(chosen: str | None) -> argparse.ArgumentParser:
    """Makes a parser of all commands; only the chosen one's module is imported, so `animate` needs nothing of training."""
    top = argparse.ArgumentParser(prog="python -m magicanimate_core", description="MagicAnimate without a host.")
    commands = top.add_subparsers(dest="command", required=True)
    for name, (place, about) in COMMANDS.items():
        module = importlib.import_module(place, __package__) if name == chosen else None
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
    """Runs a command; returns the exit code: the command's, or 2, with one sentence, for what the user can mend."""
    arguments = sys.argv[1:] if arguments is None else arguments
    chosen = arguments[0] if arguments else None
    try:
        options = parser(chosen).parse_args(arguments)
        logging.getLogger("diffusers").setLevel(logging.ERROR)
        return options.run(options) or 0
    except ModuleNotFoundError as error:
        if (error.name or OURS).startswith(OURS):
            raise
        packages = f"torch einops safetensors {NEEDS[chosen]}"
        print(f"error: {chosen} needs {error.name}, which is not installed: pip install {packages}", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
