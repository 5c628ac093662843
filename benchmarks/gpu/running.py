"""Processes of a part, one after the other, each with what is left of the part's time."""

import contextlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.comfyui import PACK

from .bench import FULL, TINY
from .table import Part, Process


@dataclass(frozen=True, kw_only=True)
class Runner:
    comfyui: Path
    work: Path
    stem: Path  # of the result files
    card: dict  # see card.py
    tiny: bool

    @property
    def on_card(self) -> bool:
        return self.card["name"] != "cpu"

    def run(self, part: Part) -> Iterator[list[dict]]:
        """Yields the rows of each process when it is over."""
        end = time.monotonic() + (TINY if self.tiny else FULL).part_limit_s
        for process in part.processes:
            begin = time.monotonic()
            reason = self.missing(process)
            rows = [skipped(reason)] if reason else self.measure(part, process, end - begin)
            seconds = round(time.monotonic() - begin, 1)
            yield [{"part": part.number, "process": process.name, "process_s": seconds} | row for row in rows]

    def missing(self, process: Process) -> str:
        """Returns what a process needs and is not there, as a sentence; nothing otherwise."""
        if process.needs == "cuda":
            return "" if self.on_card else "only a GPU has that"
        if process.needs and importlib.util.find_spec(process.needs) is None:
            return f"{process.needs} is not installed"
        return ""

    def measure(self, part: Part, process: Process, limit_s: float) -> list[dict]:
        """Runs a process for at most so long. Returns the rows that it wrote, and one more where it failed."""
        slug = re.sub(r"\W+", "_", process.name).strip("_")
        rows, log = (self.work / "logs" / f"{part.number}_{slug}.{end}" for end in ("jsonl", "log"))
        log.parent.mkdir(exist_ok=True)
        rows.unlink(missing_ok=True)
        command = [sys.executable, "-m", "benchmarks.gpu.process", json.dumps(self.order(part, process, slug, rows))]
        with log.open("w") as file:
            status = run_group(command, file, limit_s)
        written = [json.loads(line) for line in rows.read_text().splitlines()] if rows.is_file() else []
        if status == 0:
            return written
        error = f"over its time of {limit_s:.0f} s" if status is None else last_line(log)
        return [*written, {"name": "", "dynamic_vram": None, "numbers": {}, "error": error}]

    def order(self, part: Part, process: Process, slug: str, rows: Path) -> dict:
        """What process.py reads."""
        rates = self.card["matrix_tflops"]
        bench = {
            "tiny": self.tiny,
            "part": part.number,
            "slug": slug,
            "device_flags": () if self.on_card else ("--cpu",),
            "matrix_tflops": rates.get("fp16") or rates.get("fp32"),
        }
        paths = {"comfyui": self.comfyui, "work": self.work, "stem": self.stem, "rows": rows}
        flags = None if process.flags is None else [self.flag(flag) for flag in process.flags]
        return {
            "process": asdict(process) | {"flags": flags},
            "bench": bench,
            "paths": {name: str(path) for name, path in paths.items()},
        }

    def flag(self, flag: str) -> str:
        """Turns "all but 8" into the GiB of the card less 8."""
        rest = flag.removeprefix("all but ")
        return flag if rest == flag else f"{self.card['memory_gib'] - float(rest):.2f}"


def run_group(command: list[str], log, limit_s: float) -> int | None:
    """Returns the status of a command, or None where it took too long and was ended, with all that it had started."""
    process = subprocess.Popen(command, cwd=PACK, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        return process.wait(max(1, limit_s))
    except subprocess.TimeoutExpired:
        return None
    finally:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)


def last_line(log: Path) -> str:
    """Returns what a process said last: the exception, usually."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "ended without a word"


def skipped(reason: str) -> dict:
    return {"name": "(all)", "dynamic_vram": None, "numbers": {}, "skipped": reason}
