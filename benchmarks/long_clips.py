"""Peak memory of the command line for short and long clips.

    python -m benchmarks.long_clips [--frames 100 2000]

A measurement on the CPU: `animate` as a user calls it, each clip in a process of its own, 64 x 64, one step, random weights
of a hundredth of SD 1.5's size. Counted is the process's resident memory at its highest, Python and libraries included, so
only the difference between the rows is the clip's. Not counted is the memory of a card: `benchmarks.gpu` measures that.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from magicanimate_core.testing import tiny

from .report import table


def animate(folder: Path, frames: int) -> None:
    """Runs the command on a clip of so many frames."""
    arguments = tiny.write_tiny(folder, frames=frames).command(folder / "out.mp4", "--steps", "1")
    command = [sys.executable, "-m", "magicanimate_core", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def peaks(folder: Path, lengths: list[int]) -> list[tuple[int, float]]:
    """Returns (frames, MiB) for every length, shortest first: the system tells the highest of all processes so far."""
    rows = []
    for frames in sorted(lengths):
        animate(folder / str(frames), frames)
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
