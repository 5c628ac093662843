"""Train the demo model from nothing:  python -m scripts.train_demo [--quick] [--out runs/demo]

Sets up an environment of its own, then runs the stages of demo/train.yaml one after the other (hours on two CPU cores; the
same command goes on where it stopped) and measures the result with benchmarks/demo_quality.py.
--quick takes 20 steps of each stage on a few clips, stopped after 10 and resumed, with validation: does everything work?
"""

import argparse
import subprocess
import sys
from pathlib import Path

from .comfyui import PACK
from .environment import run

# poses and colours are learnt in half the time, then sharpened
SMALL = ("data.height=128", "data.width=128", "run.steps=8000")
PLAN = (  # stage, folder under --out, export to start from (else the stage's before it), changes to demo/train.yaml
    ("vae", ".", None, ()),
    ("scratch", "small", "vae", SMALL),
    ("scratch", ".", "small/scratch", ()),
    ("1", ".", None, ()),
    ("2", ".", None, ()),
    ("decoder", ".", None, ()),
)
QUICK = (
    "data.clips=dancers:train?clips=4&frames=24",
    "data.images=dancers:train?stills=4",
    "drawing.batch=2",
    "drawing.image_batch=2",
    "run.save_every=5",
    "run.log_every=5",
    "run.validate_every=10",
    "run.warmup=1",
    "validation.items=1",
    "validation.steps=2",
    "validation.frames=4",
)


def main() -> int:
    """Trains all stages and measures the result; returns an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/demo"))
    parser.add_argument("--quick", action="store_true", help="20 steps of each stage on a few clips")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        return run("scripts.train_demo", "--inside", *sys.argv[1:])
    out = options.out / "quick" if options.quick else options.out
    changes = [*QUICK, f"data.cache={out / 'cache'}"] if options.quick else [f"data.cache={out / 'cache'}"]
    for stage, folder, start, more in PLAN:
        for steps in (10, 20) if options.quick else (None,):
            settings = [*changes, *more, *([f"run.steps={steps}"] if steps else [])]
            train_stage(stage, out / folder, out / start / "export" if start else None, settings)
    if not options.quick:
        call("-m", "benchmarks.demo_quality", "--weights", out / "decoder" / "export")
    print(f"The model lies in {out / 'decoder' / 'export'}.")
    return 0


def train_stage(stage: str, out: Path, start: Path | None, changes: list[str]) -> None:
    """Trains a stage of demo/train.yaml with changes like "run.steps=20"."""
    print(f"\n=== stage {stage} in {out}: {changes[-1]}", flush=True)
    settings = [part for change in changes for part in ("--set", change)]
    settings += ["--start", start] if start else []
    call("-m", "magicanimate_core", "train", "demo/train.yaml", "--stage", stage, "--out", out, *settings)


def call(*arguments: object) -> None:
    """Runs a Python program of the pack."""
    subprocess.run([sys.executable, *map(str, arguments)], cwd=PACK, check=True)


if __name__ == "__main__":
    sys.exit(main())
