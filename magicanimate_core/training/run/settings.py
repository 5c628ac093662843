"""How to train, whatever is trained."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch

from ..sections import Rule, Section, above, at_least, one_of, setting

HALVES = {"fp16": torch.float16, "bf16": torch.bfloat16}
DECAYS = {  # what is left of the learning rate when this share of the steps is done
    "constant": lambda share: 1.0,
    "cosine": lambda share: 0.5 * (1 + math.cos(math.pi * share)),
}
DECAY_OF_EMA = Rule(lambda value: 0 <= value < 1, "0 or more and below 1")
NORM = Rule(lambda value: value > 0, "a number above 0, .inf for any")


@dataclass(frozen=True, kw_only=True)
class RunSettings(Section):
    """Steps, learning rate, precision, checkpoints."""

    name: ClassVar[str] = "run"

    steps: int = setting(1000, "optimiser steps", at_least(1))
    learning_rate: float = setting(1e-5, rule=above(0))
    warmup: int = setting(100, "steps of linear warm-up", at_least(0))
    decay: str = setting("constant", "or cosine: down to zero at the last step", one_of(DECAYS))
    weight_decay: float = setting(0.01, "AdamW", at_least(0))
    max_grad_norm: float = setting(1.0, rule=NORM)
    accumulate: int = setting(1, "batches in a step", at_least(1))
    ema: float = setting(
        0.0, "decay of the averaged weights that are validated and exported, e.g. 0.9999; 0: none", DECAY_OF_EMA
    )
    adam_8bit: bool = setting(False, "optimiser states in 8 bits (pip install bitsandbytes)")
    mixed_precision: str = setting("no", "fp16 or bf16", one_of(["no", *HALVES]))
    gradient_checkpointing: bool = setting(False, "less memory, a third more work")
    save_every: int = setting(500, "steps between checkpoints", at_least(1))
    keep: int = setting(2, "newest checkpoints that stay", at_least(1))
    log_every: int = setting(10, "steps that a line of log.jsonl and TensorBoard averages", at_least(1))
    validate_every: int = setting(0, "steps between validation clips; 0: never", at_least(0))
    loader_processes: int = setting(0, "processes that read and cut clips ahead", at_least(0))

    @property
    def half(self) -> torch.dtype | None:
        """The 16 bits that are multiplied; None: 32."""
        return HALVES.get(self.mixed_precision)

    def rate(self, step: int) -> float:
        """Returns the learning rate of step 0, 1, ...: a linear warm-up, then constant or decaying."""
        rate = self.learning_rate * min(1.0, (step + 1) / max(1, self.warmup))
        return rate * DECAYS[self.decay](min(1.0, step / self.steps))
