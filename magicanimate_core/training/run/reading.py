"""Batches by number, read ahead by other processes where there are any, with what these could not read."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from tqdm import tqdm

from .settings import RunSettings
from .trainer import Task


class Read(NamedTuple):
    """A batch as it comes out of a loader process."""

    batch: Any
    skipped: Counter[str]  # what could not be read for it
    error: str = ""  # why there is no batch: a sentence, where an exception would bring a process's traceback along


class NumberedBatches(torch.utils.data.Dataset):
    """Batches by number, so that loader processes can prepare them ahead."""

    def __init__(self, task: Task, accumulate: int, rank: int) -> None:
        self.task, self.accumulate, self.rank = task, accumulate, rank

    def __getitem__(self, number: int) -> Read:
        before = Counter(self.task.skipped)
        try:
            batch = self.task.batch(number // self.accumulate, number % self.accumulate, self.rank)
        except (ValueError, OSError) as error:
            return Read(None, self.task.skipped - before, str(error))
        return Read(batch, self.task.skipped - before)


def numbered_steps(task: Task, run: RunSettings, first: int, rank: int) -> Iterator[tuple[int, Iterator[Any]]]:
    """Gives (step, its batches) for the steps that remain; says what is left out, once each, and counts it in task.skipped.

    The batches raise ValueError where nothing can be read.
    """
    numbers = range(first * run.accumulate, run.steps * run.accumulate)
    dataset = NumberedBatches(task, run.accumulate, rank)
    loader = iter(
        torch.utils.data.DataLoader(
            dataset, batch_size=None, sampler=numbers, num_workers=run.loader_processes, collate_fn=_as_it_is
        )
    )
    known: Counter[str] = Counter()
    for step in range(first, run.steps):
        yield step, (_told(task, next(loader), known, elsewhere=run.loader_processes > 0) for _ in range(run.accumulate))


def _told(task: Task, read: Read, known: Counter[str], *, elsewhere: bool) -> Any:
    """The batch. Raises ValueError where there is none. elsewhere: read in another process, which counts for itself."""
    for reason in read.skipped.keys() - known.keys():
        tqdm.write(f"left out: {reason}")
    known.update(read.skipped)
    if elsewhere:
        task.skipped.update(read.skipped)
    if read.error:
        raise ValueError(read.error)
    return read.batch


def _as_it_is(read: Read) -> Read:
    return read
