"""Runs a benchmark and writes what it prints to benchmarks/results, under the date, the machine and the versions.

python -m benchmarks.record [--out FILE] flops [the benchmark's arguments]
"""

import argparse
import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

from scripts.comfyui import PACK

from .report import header, machine

RESULTS = PACK / "benchmarks" / "results"


def title(name: str) -> str:
    """Returns the first line of a benchmark's docstring."""
    source = Path(importlib.util.find_spec(f"benchmarks.{name}").origin).read_text()
    return ast.get_docstring(ast.parse(source)).splitlines()[0].rstrip(".")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/NAME.md")
    parser.add_argument("name", help="a benchmark: flops, memory, long_clips, training, ...")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = ["-m", f"benchmarks.{options.name}", *options.arguments]
    done = subprocess.run([sys.executable, *command], cwd=PACK, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    if done.returncode == 0:
        out = options.out or RESULTS / f"{options.name}.md"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(f"{header(title(options.name), ' '.join(['python', *command]), machine())}\n{done.stdout}")
        print(f"wrote {out}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
