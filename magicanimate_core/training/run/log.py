"""The numbers of a run."""

import json
import math
import time
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor


class Log:
    """log.jsonl, a line for several steps, and TensorBoard where it is installed."""

    def __init__(self, folder: Path, first: int, accelerator: Accelerator) -> None:
        """first: the steps done before; what was logged after them happens again."""
        self.path, self.accelerator, self.mean = folder / "log.jsonl", accelerator, math.nan
        self._losses: list[Tensor] = []
        self._begin = time.monotonic()
        if accelerator.is_main_process:
            folder.mkdir(parents=True, exist_ok=True)
            lines = self.path.read_text().splitlines(keepends=True) if self.path.is_file() else []
            self.path.write_text("".join(line for line in lines if json.loads(line)["step"] <= first))

    def step(self, done: int, loss: Tensor, rate: float, write: bool) -> None:
        """Notes the loss of a step, a scalar; writes the mean of those noted since the last line when asked to."""
        self._losses.append(loss)
        if not write:
            return
        self.mean = float(torch.stack(self._losses).mean())
        seconds = (time.monotonic() - self._begin) / len(self._losses)
        self._losses, self._begin = [], time.monotonic()
        self.write(done, loss=self.mean, learning_rate=rate, seconds_per_step=seconds)

    def write(self, done: int, **values: float) -> None:
        """Appends a line with the numbers of a step."""
        if not self.accelerator.is_main_process or not values:
            return
        with self.path.open("a") as file:
            file.write(json.dumps({"step": done} | {k: round(v, 6) for k, v in values.items()}) + "\n")
        self.accelerator.log(values, step=done)
