"""A small stage as a program, so that tests can kill it:  python run_small.py FOLDER STEPS [KILL_AT]

Run from the repository's root. Kills itself (SIGKILL) after step KILL_AT, when that step is saved.
"""

import os
import signal
import sys
from pathlib import Path

import torch

from magicanimate_core.testing.tiny_training import small_task
from magicanimate_core.training.run.loop import train
from magicanimate_core.training.run.settings import RunSettings


def run_small(folder: Path, steps: int, kill_at: int = -1) -> None:
    def after_step(done: int) -> None:
        if done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    task = small_task()
    run = RunSettings(steps=steps, learning_rate=1e-3, warmup=2, ema=0.9, accumulate=2, save_every=1)
    train(task, run, folder, after_step)
    motion = task.module.nets.weights()["motion"]
    torch.save({name: tensor.detach() for name, tensor in motion.items()}, folder / "result.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    run_small(Path(sys.argv[1]), *(int(text) for text in sys.argv[2:]))
