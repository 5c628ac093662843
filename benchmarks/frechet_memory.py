"""Peak memory of a Frechet distance and its interval, for few and for many samples.

    python -m benchmarks.frechet_memory [--samples 900 2700 4000 9000]

A measurement on the CPU: two sets of random features, 2048 wide as FID's, each number of samples in a process of its own.
Counted is the process's resident memory at its highest, beyond what it was before the features. Of the interval two videos
are left out in turn, not fifty: its peak is that of one of them.
"""

import argparse
import resource
import subprocess
import sys

import numpy as np

from magicanimate_core.evaluation.frechet import SetFeatures, frechet, frechet_interval

from .report import table

WIDTH, CHUNK = 2048, 9  # numbers of a feature, and features that come together


def peak() -> float:
    """Returns the highest resident memory so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(samples: int) -> tuple[str, ...]:
    """Returns a row: samples a side, MiB of the distance, MiB of it with its interval, whether there is one."""
    generator, before = np.random.default_rng(0), peak()
    sets = SetFeatures(), SetFeatures()
    for features in sets:
        for first in range(0, samples, CHUNK):
            rows = generator.normal(size=(min(CHUNK, samples - first), WIDTH)).astype(np.float32)
            features.add(rows, f"video {2 * first // samples}")
    frechet(*sets)
    distance = peak() - before
    interval = frechet_interval(*sets)
    return str(samples), f"{distance:.0f}", f"{peak() - before:.0f}", "yes" if interval else "no"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, nargs="+", default=[900, 2700, 4000, 9000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # in a process of its own
    options = parser.parse_args()
    if options.one:
        print("\t".join(measure(options.one)))
        return
    rows = []
    for samples in options.samples:
        command = [sys.executable, "-m", "benchmarks.frechet_memory", "--one", str(samples)]
        rows.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().split("\t"))
    print(table(["samples a side", "distance, MiB", "with interval, MiB", "interval"], rows))


if __name__ == "__main__":
    main()
