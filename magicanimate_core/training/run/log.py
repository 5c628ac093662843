"""The numbers of a run."""

import json
import math
import time
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from ...disk import whole


class Log:
    """log.jsonl, a line for several steps, and TensorBoard where it is installed."""

    def __init__(self, folder: Path, first: int, accelerator: Accelerator) -> None:
        """first: the steps done before; what was logged after them happens again."""
        self.path, self.accelerator, self.mean = folder / "log.jsonl", accelerator, math.nan
        self._losses: list[Tensor] = []
        self._begin = time.monotonic()
        if accelerator.is_main_process:
            folder.mkdir(parents=True, exist_ok=True)
            lines = self.path.read_text(errors="replace").splitlines() if self.path.is_file() else []
            with whole(self.path) as part:
                part.write_text("".join(f"{line}\n" for line in lines if _step(line) <= first))

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


def _step(line: str) -> float:
    """The step of a line; infinity for one that was cut off when the run was killed."""
    try:
        step = json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return math.inf
    return step if isinstance(step, int) else math.inf
