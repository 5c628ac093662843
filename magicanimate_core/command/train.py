"""`python -m magicanimate_core train CONFIG --stage STAGE --out FOLDER`."""

import argparse
from pathlib import Path

from ..disk import open_folder
from ..training.config import Config, check_files
from ..training.config_files import config_text, flat_settings, read_config
from ..training.run.processes import processes
from ..training.run.resuming import check_going_on, latest_checkpoint, run_record
from ..training.stages import STAGES
from .printing import Print

DESCRIPTION = "Train MagicAnimate (paper Sec. 3.4) from Stable Diffusion 1.5, from the published weights, or from nothing."
EPILOG = f"""stages, in this order:
{chr(10).join(f"  {stage.name:<10}{stage.about}" for stage in STAGES.values())}

examples:
  python -m magicanimate_core train --options > my.yaml                    (every option, explained)
  python -m magicanimate_core train my.yaml --stage 1 --out runs/mine
  python -m magicanimate_core train my.yaml --stage 2 --out runs/mine      (starts with what stage 1 exported)
  accelerate launch --multi_gpu -m magicanimate_core train my.yaml ...     (several GPUs or machines)
  the same command again goes on where it stopped; --set run.steps=20000 changes any option

FOLDER/STAGE holds checkpoints, log.jsonl, TensorBoard's events and validation clips; FOLDER/STAGE/export holds the result in
the published layouts, for the loader nodes and for `animate --magicanimate FOLDER/2/export/magicanimate`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `train` understands."""
    parser.add_argument("config", type=Path, help="options that differ from their defaults; --options shows all of them")
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--start", type=Path, metavar="EXPORT", help="an export to start with (default: the stage before's)")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="change an option of the config")
    parser.add_argument(
        "--options", action=Print, nargs=0, const=config_text, help="print a config with every option explained"
    )


def main(options: argparse.Namespace) -> None:
    """Trains a stage and prints what it wrote. Raises ValueError or OSError, a sentence, for what cannot be used."""
    for path in (options.config, options.start):
        if path is not None and not path.exists():
            raise FileNotFoundError(f"{path} does not exist.")
    stage = STAGES[options.stage]
    config = read_config(options.config, stage.name, STAGES, options.set)
    check_files(config)
    folder = options.out / stage.name
    open_folder(folder)
    check_resumable(folder, config)
    written = stage.train(stage, config, folder, options.start or earlier_export(options.out, stage.name))
    print("\n".join(f"wrote {path}" for path in written))


def check_resumable(folder: Path, config: Config) -> None:
    """Raises ValueError, before anything heavy begins, for checkpoints that the run could not go on from."""
    count = processes().num_processes
    place = latest_checkpoint(folder)
    if place is not None:
        check_going_on(place, run_record(config.run, count, flat_settings(config)), config.run)


def earlier_export(out: Path, stage: str) -> Path | None:
    """Returns the export of the nearest stage before this one that has run in the same folder, None where none has."""
    before = list(STAGES)[: list(STAGES).index(stage)]
    exports = [out / name / "export" for name in reversed(before) if (out / name / "export").is_dir()]
    return exports[0] if exports else None
