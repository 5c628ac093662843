"""`python -m magicanimate_core train CONFIG --stage STAGE --out FOLDER`."""

import argparse
from pathlib import Path

from ..training.config import STAGES, check, read_config

DESCRIPTION = "Train MagicAnimate (paper Sec. 3.4) from Stable Diffusion 1.5, from the published weights, or from nothing."
EPILOG = """stages, in this order:
  vae, scratch   only for a model from nothing: a small VAE, then base UNet, encoder and ControlNet together
  1              appearance encoder and ControlNet, the base frozen, no temporal layers (paper Eq. 5)
  2              the temporal attention layers only (Eq. 6)
  decoder        only for a model from nothing: its VAE's decoder once more, on latents as the finished nets make them

examples:
  python -m magicanimate_core train my.yaml --stage 1 --out runs/mine
  python -m magicanimate_core train my.yaml --stage 2 --out runs/mine      (starts with what stage 1 exported)
  accelerate launch --multi_gpu -m magicanimate_core train my.yaml ...     (several GPUs or machines)
  the same command again goes on where it stopped; --set run.steps=20000 changes any option

FOLDER/STAGE holds checkpoints, log.jsonl, TensorBoard's events and validation clips; FOLDER/STAGE/export holds the result in
the published layouts, for the loader nodes and for `animate --magicanimate FOLDER/2/export/magicanimate`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, help="magicanimate_core/training/config.yaml explains every option")
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--start", type=Path, metavar="EXPORT", help="an export to start with (default: the stage before's)")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="change an option of the config")


def main(options) -> None:
    if not options.config.is_file():
        raise FileNotFoundError(f"config {options.config} does not exist.")
    config = read_config(options.config, options.stage, options.set)
    check(config)
    previous = options.start or earlier_export(options.out, options.stage)
    folder = options.out / options.stage
    folder.mkdir(parents=True, exist_ok=True)
    from ..training import stages  # what takes time to import comes after what may be wrong

    if options.stage == "vae":
        written = stages.train_vae(config, folder, options.start)
    elif options.stage == "decoder":
        written = stages.train_decoder(config, folder, previous)
    else:
        written = stages.train_nets(config, options.stage, folder, previous)
    print("\n".join(f"wrote {path}" for path in written))


def earlier_export(out: Path, stage: str) -> Path | None:
    """The export of the nearest stage before this one that has run in the same folder."""
    before = STAGES[: STAGES.index(stage)]
    found = [out / name / "export" for name in reversed(before) if (out / name / "export").is_dir()]
    return found[0] if found else None
