"""Peak memory of the evaluate command for few and for many clips.

    python -m benchmarks.evaluation [--clips 100 1000] [--networks DIR | --stand-ins]

A measurement on the CPU: `evaluate` as a user calls it, each set in a process of its own, as many noisy clips of 32 x 32 and
2 to 16 frames on both sides, the report included. Counted is the process's resident memory at its highest, Python and
libraries included, so only the difference between the rows is the clips'. With networks, all metrics that they allow; their
weights are in the memory, too. Stand-ins (evaluation_networks.py) answer as wide as the published networks and weigh
nothing.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from .report import table


def write_set(folder: Path, clips: int, seed: int) -> Path:
    """Writes flat frames of so many clips."""
    generator = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for clip in range(clips):
        for number in range(1, 2 + clip % 15 + 1):
            Image.fromarray(generator.integers(0, 256, (32, 32, 3), np.uint8)).save(
                folder / f"clip_{clip:05d}_{number:04d}.png"
            )
    return folder


def evaluate(folder: Path, clips: int, module: list[str], more: list[str]) -> float:
    """Runs the command on sets of so many clips; returns its seconds. module: what Python runs, and more at the end."""
    sets = [str(write_set(folder / side, clips, seed)) for seed, side in enumerate(("made", "true"))]
    command = [sys.executable, "-m", *module, *sets, "--out", str(folder / "out"), *more]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="+", default=[100, 1000])
    networks = parser.add_mutually_exclusive_group()
    networks.add_argument("--networks", type=Path, help="the networks' files; default: metrics without networks")
    networks.add_argument("--stand-ins", action="store_true", help="networks that answer as wide, after hardly any work")
    options = parser.parse_args()
    module = ["benchmarks.evaluation_networks"] if options.stand_ins else ["magicanimate_core", "evaluate"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "networks" if options.stand_ins else options.networks
        more = ["--networks", str(files)] if files else []
        for clips in sorted(options.clips):  # the system tells the highest of all processes so far
            seconds = evaluate(Path(folder) / str(clips), clips, module, more)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            rows.append((clips, sum(2 + clip % 15 for clip in range(clips)), f"{peak:.1f}", f"{seconds:.0f}"))
    print(table(["clips a side", "frames a side", "peak MiB", "seconds"], rows))


if __name__ == "__main__":
    main()
