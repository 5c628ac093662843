"""The training loop, for everything that is trained: accelerate for devices and processes, EMA, logs, checkpoints.

A step depends on those before it only through weights, optimiser and EMA: batches, noise and learning rate are functions
of the step's number. So a checkpoint is small, and a run that was killed goes on to the bit.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ...disk import open_folder
from .checkpoints import load_checkpoint, save_checkpoint
from .log import Log
from .reading import numbered_steps
from .resuming import check_going_on, latest_checkpoint, run_record
from .settings import RunSettings
from .trainer import Task, Trainer, build_trainer


def resume(trainer: Trainer, folder: Path, record: Mapping[str, Any]) -> int:
    """Goes on from the newest sound checkpoint in `folder`; returns the steps done, and says what is not as it was.

    Raises ValueError for a checkpoint of another run, OSError where the next one cannot be written.
    """

    def tell(sentence: str) -> None:
        trainer.accelerator.print(sentence, file=sys.stderr)

    place = latest_checkpoint(folder, tell)
    if place is not None:
        check_going_on(place, record, trainer.run, tell)
    open_folder(folder, trainer.checkpoint_bytes)
    done = load_checkpoint(trainer.accelerator, place, trainer.trained, trainer.ema)
    if done > trainer.run.steps:
        tell(f"{place.name} has gone further than run.steps, which is {trainer.run.steps}: it is exported as it is.")
    return done


def train(
    task: Task,
    run: RunSettings,
    folder: Path,
    after_step: Callable[[int], None] = lambda done: None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Trains to run.steps, going on from the newest checkpoint in `folder`. after_step(steps done) follows every step.

    settings: every option by its name, so that a run which goes on with others says so. Raises ValueError for what this
    machine cannot follow, for a checkpoint of another run, where nothing can be read, and for a loss that has become no
    number; OSError for a full disk.
    """
    trainer = build_trainer(task, run, folder)
    accelerator, trained, ema = trainer.accelerator, trainer.trained, trainer.ema
    record = run_record(run, accelerator.num_processes, settings or {})
    first = resume(trainer, folder, record)
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
                save_checkpoint(accelerator, folder, done, trained, ema, keep=run.keep, record=record)
            if run.validate_every and (last or done % run.validate_every == 0):
                trainer.validate(done, folder, log)
            after_step(done)
    if ema is not None:
        ema.copy_to(trained.values())  # what is exported
    accelerator.end_training()
