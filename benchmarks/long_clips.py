"""Peak memory of the command line for short and long clips.

    python -m benchmarks.long_clips [--frames 100 2000]

A measurement on the CPU: `animate` as a user calls it, each clip in a process of its own, 64 x 64, one step, random weights
of a hundredth of SD 1.5's UNet with its VAE and text encoder at full size. Counted is the process's resident memory at its
highest, Python and libraries included, so only the difference between the rows is the clip's. Not counted is the memory of a
card: `benchmarks.gpu` measures that.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from magicanimate_core.testing import inputs, random_weights

from .report import table


def animate(folder: Path, frames: int) -> None:
    """Runs the command on a clip of so many frames."""
    photo, clip = inputs.write_inputs(folder / str(frames), size=64, frames=frames)
    options = {
        "base": folder / "models/checkpoints/random_sd15.safetensors",
        "magicanimate": folder / "models/magicanimate",
        "reference": photo,
        "pose": clip,
        "out": folder / f"{frames}.mp4",
        "steps": 1,
        "device": "cpu",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "magicanimate_core", "animate", *arguments]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def peaks(folder: Path, lengths: list[int]) -> list[tuple[int, float]]:
    """Returns (frames, MiB) for every length, shortest first: the system tells the highest of all processes so far."""
    random_weights.write_models(folder / "models", random_weights.TINY)
    rows = []
    for frames in sorted(lengths):
        animate(folder, frames)
        rows.append((frames, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=[100, 2000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(table(["frames", "peak MiB"], [(frames, f"{mib:.1f}") for frames, mib in peaks(Path(folder), options.frames)]))


if __name__ == "__main__":
    main()
