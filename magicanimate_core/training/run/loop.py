"""The training loop, for everything that is trained: accelerate for devices and processes, EMA, logs, checkpoints.

A step depends on those before it only through weights, optimiser and EMA: batches, noise and learning rate are functions
of the step's number. So a checkpoint is small, and a run that was killed goes on to the bit.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from .checkpoints import latest_checkpoint, load_checkpoint, save_checkpoint
from .log import Log
from .settings import RunSettings
from .trainer import Task, build_trainer


class NumberedBatches(torch.utils.data.Dataset):
    """Batches by number, so that loader processes can prepare them ahead."""

    def __init__(self, task: Task, accumulate: int, rank: int) -> None:
        self.task, self.accumulate, self.rank = task, accumulate, rank

    def __getitem__(self, number: int) -> Any:
        return self.task.batch(number // self.accumulate, number % self.accumulate, self.rank)


def numbered_steps(task: Task, run: RunSettings, first: int, rank: int) -> Iterator[tuple[int, Iterator[Any]]]:
    """Gives (step, its batches) for the steps that remain."""
    numbers = range(first * run.accumulate, run.steps * run.accumulate)
    loader = iter(
        torch.utils.data.DataLoader(
            NumberedBatches(task, run.accumulate, rank), batch_size=None, sampler=numbers, num_workers=run.loader_processes
        )
    )
    for step in range(first, run.steps):
        yield step, (next(loader) for _ in range(run.accumulate))


def train(task: Task, run: RunSettings, folder: Path, after_step: Callable[[int], None] = lambda done: None) -> None:
    """Trains to run.steps, going on from the newest checkpoint in `folder`. after_step(steps done) follows every step.

    Raises ValueError for settings that this machine cannot follow, for a checkpoint of another run, and for a loss that has
    become no number.
    """
    trainer = build_trainer(task, run, folder)
    accelerator, trained, ema = trainer.accelerator, trainer.trained, trainer.ema
    first = load_checkpoint(accelerator, latest_checkpoint(folder), trained, ema)
    log = Log(folder, first, accelerator)
    with tqdm(total=run.steps, initial=first, unit="step", disable=not accelerator.is_main_process) as bar:
        for step, batches in numbered_steps(task, run, first, accelerator.process_index):
            loss, done, last = trainer.step(batches, run.rate(step)), step + 1, step + 1 == run.steps
            write, save = (last or done % every == 0 for every in (run.log_every, run.save_every))
            if write or save:
                trainer.check_finite(loss, done)
            log.step(done, loss, run.rate(step), write=write)
            bar.set_postfix_str(f"loss {log.mean:.4f}", refresh=False)
            bar.update()
            if save:
                save_checkpoint(accelerator, folder, done, trained, ema, keep=run.keep)
            if run.validate_every and (last or done % run.validate_every == 0):
                trainer.validate(done, folder, log)
            after_step(done)
    if ema is not None:
        ema.copy_to(trained.values())  # what is exported
    accelerator.end_training()
