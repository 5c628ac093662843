"""Peak host memory of the command line for short and long clips, side by side in one run.

    python -m benchmarks.long_clips [--frames 100 2000]

Small random weights, 64 x 64, one step, on the CPU; each clip in a process of its own (resident memory at its highest).
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path


def animate(folder: Path, frames: int) -> None:
    """One job in a child process; prints its peak."""
    from magicanimate_core.testing import inputs

    photo, clip = inputs.write_inputs(folder / str(frames), size=64, frames=frames)
    command = [sys.executable, "-m", "magicanimate_core", "animate", "--steps", "1", "--device", "cpu"]
    command += ["--base", folder / "models/checkpoints/random_sd15.safetensors"]
    command += [
        "--magicanimate",
        folder / "models/magicanimate",
        "--reference",
        photo,
        "--pose",
        clip,
        "--out",
        folder / f"{frames}.mp4",
    ]
    subprocess.run([str(part) for part in command], check=True, stderr=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=[100, 2000])
    options = parser.parse_args()
    from magicanimate_core.testing import random_weights

    with tempfile.TemporaryDirectory() as name:
        random_weights.write_models(Path(name) / "models", random_weights.TINY)
        for frames in sorted(options.frames):  # the highest of all children so far: shorter clips first
            animate(Path(name), frames)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(f"{frames:6d} frames: {peak:8.1f} MiB")


if __name__ == "__main__":
    main()
