"""The training loop, for everything that is trained: accelerate for devices and processes, EMA, logs, checkpoints.

A step depends on those before it only through weights, optimiser and EMA: batches, noise and learning rate are functions
of the step's number. So a checkpoint is small, and a run that was killed goes on to the bit.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from .checkpoints import latest_checkpoint, load_checkpoint, save_checkpoint
from .log import Log

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Run:
    """How to train, whatever is trained. The config file explains each (training/config.yaml)."""

    steps: int = 1000
    learning_rate: float = 1e-5
    warmup: int = 100
    decay: str = "constant"
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    accumulate: int = 1
    ema: float = 0.0
    adam_8bit: bool = False
    mixed_precision: str = "no"
    save_every: int = 500
    keep: int = 2
    log_every: int = 10
    validate_every: int = 0
    loader_processes: int = 0


class Task(Protocol):
    """What is trained."""

    module: nn.Module  # forward(batch) -> scalar loss; parameters that require gradients are trained

    def batch(self, step: int, part: int, rank: int) -> Batch:
        """The batch of a step, a function of its arguments only."""

    def prepare(self, batch: Batch) -> Batch:
        """What can only be done on the device, where the batch is now."""

    def validate(self, step: int, folder: Path) -> dict[str, float]:
        """Writes samples to `folder`; returns numbers for the log."""


def learning_rate(run: Run, step: int) -> float:
    """Of step 0, 1, ...: a linear warm-up, then constant, or down to zero along a cosine."""
    rate = run.learning_rate * min(1.0, (step + 1) / max(1, run.warmup))
    if run.decay == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * min(1.0, step / run.steps)))
    return rate


class Batches(torch.utils.data.Dataset):
    """Batches by number, so that loader processes can prepare them ahead."""

    def __init__(self, task: Task, accumulate: int, rank: int):
        self.task, self.accumulate, self.rank = task, accumulate, rank

    def __getitem__(self, number: int) -> Batch:
        return self.task.batch(number // self.accumulate, number % self.accumulate, self.rank)


def train(task: Task, run: Run, folder: Path, after_step: Callable[[int], None] = lambda step: None) -> None:
    """Trains to run.steps, going on from the newest checkpoint in `folder`. after_step(steps done) follows every step."""
    from tqdm import tqdm

    accelerator = _accelerator(run, folder)
    trained = [p for p in task.module.parameters() if p.requires_grad]
    module, optimizer = accelerator.prepare(task.module, _optimizer(run, trained))
    ema = _ema(run, trained)
    first = load_checkpoint(accelerator, latest_checkpoint(folder), ema)
    log = Log(folder, first, accelerator)
    with tqdm(total=run.steps, initial=first, unit="step", disable=not accelerator.is_main_process) as bar:
        for step, parts in _steps(task, run, first, accelerator.process_index):
            loss = _step(accelerator, task, module, optimizer, trained, parts, learning_rate(run, step), run)
            if ema is not None:
                ema.step(trained)
            done = step + 1
            log.step(done, loss, learning_rate(run, step), done % run.log_every == 0 or done == run.steps)
            bar.set_postfix_str(f"loss {log.mean:.4f}", refresh=False)
            bar.update()
            if done % run.save_every == 0 or done == run.steps:
                save_checkpoint(accelerator, folder, done, ema, run.keep)
            if run.validate_every and (done % run.validate_every == 0 or done == run.steps):
                _validate(accelerator, task, ema, trained, done, folder, log)
            after_step(done)
    if ema is not None:
        ema.copy_to(trained)  # what is exported
    accelerator.end_training()


def _accelerator(run: Run, folder: Path):
    from accelerate import Accelerator, DistributedDataParallelKwargs
    from accelerate.utils import ProjectConfiguration, is_tensorboard_available

    accelerator = Accelerator(
        mixed_precision=run.mixed_precision,
        gradient_accumulation_steps=run.accumulate,
        log_with="tensorboard" if is_tensorboard_available() else None,
        project_config=ProjectConfiguration(str(folder), logging_dir=str(folder / "tensorboard")),
        # a batch without reference leaves the appearance encoder without gradients
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    accelerator.init_trackers("log")
    return accelerator


def _optimizer(run: Run, trained: list[nn.Parameter]):
    kind = torch.optim.AdamW
    if run.adam_8bit:
        try:
            from bitsandbytes.optim import AdamW8bit as kind
        except ImportError as error:
            raise ValueError("adam_8bit needs bitsandbytes: pip install bitsandbytes, or switch it off.") from error
    return kind(trained, lr=run.learning_rate, weight_decay=run.weight_decay)


def _ema(run: Run, trained: list[nn.Parameter]):
    if not run.ema:
        return None
    from diffusers.training_utils import EMAModel

    return EMAModel(trained, decay=run.ema)


def _steps(task: Task, run: Run, first: int, rank: int):
    """(step, its batches) for the steps that remain."""
    numbers = range(first * run.accumulate, run.steps * run.accumulate)
    loader = iter(
        torch.utils.data.DataLoader(
            Batches(task, run.accumulate, rank), batch_size=None, sampler=numbers, num_workers=run.loader_processes
        )
    )
    for step in range(first, run.steps):
        yield step, (next(loader) for _ in range(run.accumulate))


def _step(accelerator, task, module, optimizer, trained, parts, rate: float, run: Run) -> Tensor:
    """One optimiser step over `run.accumulate` batches; returns their mean loss, detached."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    losses = []
    for batch in parts:
        with accelerator.accumulate(module):
            moved = {k: v.to(accelerator.device) if torch.is_tensor(v) else v for k, v in batch.items()}
            loss = module(task.prepare(moved))
            accelerator.backward(loss)
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(trained, run.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.detach())
    return torch.stack(losses).mean()


def _validate(accelerator, task: Task, ema, trained, done: int, folder: Path, log: Log) -> None:
    """The first process draws, with the averaged weights; the others wait."""
    if accelerator.is_main_process:
        if ema is not None:
            ema.store(trained)
            ema.copy_to(trained)
        task.module.eval()
        with torch.no_grad(), accelerator.autocast():
            log.write(done, **task.validate(done, folder / "validation" / f"{done:07d}"))
        task.module.train()
        if ema is not None:
            ema.restore(trained)
    accelerator.wait_for_everyone()
