"""Parts 13 and 14: training."""

import json
import shutil
import sys
import time
from pathlib import Path

import yaml

from magicanimate_core.command.cli import main as command

from .bench import Bench, Rows
from .measuring import Memory
from .running import run_group


def stage(bench: Bench, stage: str) -> Rows:
    """Some steps of a stage, as the command trains: bf16, gradient checkpointing, one reference a batch."""
    sizes, folder, models = bench.sizes, bench.work / "training", bench.base / "models"
    config = {
        "model": {"base": str(models / "checkpoints/random_sd15.safetensors"), "magicanimate": str(models / "magicanimate")},
        "data": {"clips": "dancers:train?clips=2&frames=24", "images": "dancers:train?stills=4",
                 "height": sizes.side, "width": sizes.side},
        "run": {"steps": sizes.training_steps, "mixed_precision": "bf16", "gradient_checkpointing": True, "keep": 1,
                "log_every": sizes.training_steps // 2},
    }  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    begin = time.perf_counter()
    try:
        with Memory() as memory:
            failed = command(["train", str(folder / "config.yaml"), "--stage", stage, "--out", str(folder)])
        if failed:
            raise RuntimeError("The training ended with an error, which stands above.")
        last = log(folder / stage)[-1]  # of the second half, when everything is warm
    finally:
        shutil.rmtree(folder)  # checkpoints of 15 GB
    numbers = {"seconds_a_step": last["seconds_per_step"], "loss": last["loss"]}
    yield f"{sizes.training_steps} steps", numbers | {"seconds": time.perf_counter() - begin} | memory.numbers()


def log(folder: Path) -> list[dict]:
    """The lines of a run's log that tell of steps."""
    path = folder / "log.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    return [line for line in lines if "seconds_per_step" in line]


def demo(bench: Bench) -> Rows:
    """`scripts.train_demo` for a while; it goes on from its checkpoints the next time. How far every stage has come."""
    out = bench.work / "demo_training"
    arguments = ["-m", "scripts.train_demo", "--inside", "--out", str(out), *(["--quick"] if bench.tiny else [])]
    status = run_group([sys.executable, *arguments], sys.stdout, bench.sizes.demo_training_s)
    if status:
        raise RuntimeError("scripts.train_demo ended with an error, which stands above.")
    for path in sorted(out.rglob("log.jsonl"), key=lambda path: path.stat().st_mtime):
        lines = log(path.parent)
        if lines:
            numbers = {"steps": lines[-1]["step"], "loss": lines[-1]["loss"]}
            yield str(path.parent.relative_to(out)), numbers | {"seconds_a_step": lines[-1]["seconds_per_step"]}
    yield "all stages", {"finished": int(status == 0)}
