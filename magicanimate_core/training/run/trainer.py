"""What moves in a run: weights, optimiser, averages, on whatever devices and processes accelerate finds."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import ProjectConfiguration, is_tensorboard_available, send_to_device
from torch import Tensor, nn

from .checkpoints import trained_parameters
from .log import Log
from .processes import processes
from .settings import RunSettings

if TYPE_CHECKING:
    from diffusers.training_utils import EMAModel


class Task(Protocol):
    """What is trained. Batches are NamedTuples of tensors."""

    module: nn.Module  # forward(prepared batch) -> scalar loss; parameters that require gradients are trained
    skipped: Counter[str]  # what could not be read, by name and reason, and how often it was drawn

    def batch(self, step: int, part: int, rank: int) -> Any:
        """Draws the batch of a step, a function of its arguments only."""

    def prepare(self, batch: Any) -> Any:
        """Does what can only be done on the device, where the batch is now."""

    def validate(self, step: int, folder: Path) -> dict[str, float]:
        """Writes samples to `folder`; returns numbers for the log."""


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """The moving parts of a run: what a step changes, and what a checkpoint holds."""

    accelerator: Accelerator
    task: Task
    run: RunSettings
    trained: dict[str, nn.Parameter]
    module: nn.Module  # the task's, prepared for its device and processes
    optimizer: torch.optim.Optimizer
    ema: "EMAModel | None"

    def step(self, batches: Iterable[Any], rate: float) -> Tensor:
        """Takes one optimiser step over `batches`; returns their mean loss, a detached scalar."""
        for group in self.optimizer.param_groups:
            group.update(lr=rate, weight_decay=self.run.weight_decay)  # not a checkpoint's
        losses = [self.learn(batch) for batch in batches]
        if self.ema is not None:
            self.ema.step(self.trained.values())
        return torch.stack(losses).mean()

    def learn(self, batch: Any) -> Tensor:
        """Adds a batch's gradients; the last batch of a step moves the weights. Returns the loss, a detached scalar."""
        with self.accelerator.accumulate(self.module):
            loss = self.module(self.task.prepare(send_to_device(batch, self.accelerator.device)))
            self.accelerator.backward(loss)
            if self.accelerator.sync_gradients:
                self.accelerator.clip_grad_norm_(self.trained.values(), self.run.max_grad_norm)
            self.optimizer.step()
            self.optimizer.zero_grad()
        return loss.detach()

    def check_finite(self, loss: Tensor, done: int) -> None:
        """Raises ValueError, in all processes, where the loss (a scalar) or a weight has become no number."""
        weights = [torch.isfinite(p).all() for p in self.trained.values()]
        sound = torch.isfinite(loss) & torch.stack(weights).all()
        if self.accelerator.reduce(sound.float(), "mean") < 1:
            raise ValueError(
                f"After step {done} the loss is {loss.item():.3g}, or a weight is no number: the run has come apart. "
                "What was saved before is sound: go on from there with a lower run.learning_rate, or bf16 instead of fp16."
            )

    @property
    def checkpoint_bytes(self) -> int:
        """Of a checkpoint, about: weights, two states of the optimiser for each, averages."""
        return sum(p.numel() for p in self.trained.values()) * 4 * (4 if self.ema is not None else 3)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Lends the averaged weights to what is trained, where there are any."""
        if self.ema is None:
            yield
            return
        self.ema.store(self.trained.values())
        self.ema.copy_to(self.trained.values())
        try:
            yield
        finally:
            self.ema.restore(self.trained.values())

    def validate(self, done: int, folder: Path, log: Log) -> None:
        """Lets the first process draw, with the averaged weights; the others wait."""
        if self.accelerator.is_main_process:
            self.task.module.eval()
            with self.averaged(), torch.no_grad(), self.accelerator.autocast():
                log.write(done, **self.task.validate(done, folder / "validation" / f"{done:07d}"))
            self.task.module.train()
        self.accelerator.wait_for_everyone()


def build_trainer(task: Task, run: RunSettings, folder: Path) -> Trainer:
    """Brings what is trained to its device. Raises ValueError for settings that this machine cannot follow."""
    accelerator = build_accelerator(run, folder)
    trained = trained_parameters(task.module)
    module, optimizer = accelerator.prepare(task.module, build_optimizer(run, trained.values()))
    ema = build_ema(run, trained.values())
    return Trainer(accelerator=accelerator, task=task, run=run, trained=trained, module=module, optimizer=optimizer, ema=ema)


def build_accelerator(run: RunSettings, folder: Path) -> Accelerator:
    """Returns accelerate's view of devices and processes. Raises ValueError for a precision that the device lacks."""
    processes()  # joined in our way before accelerate joins them in its own
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


def build_optimizer(run: RunSettings, trained: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Returns AdamW over what is trained. Raises ValueError where its 8-bit form is not installed."""
    kind = torch.optim.AdamW
    if run.adam_8bit:
        try:
            from bitsandbytes.optim import AdamW8bit as kind
        except ImportError as error:
            raise ValueError("run.adam_8bit needs bitsandbytes: pip install bitsandbytes, or switch it off.") from error
    return kind(trained, lr=run.learning_rate, weight_decay=run.weight_decay)


def build_ema(run: RunSettings, trained: Iterable[nn.Parameter]) -> "EMAModel | None":
    """Returns the averaged weights of what is trained, None where none are asked for."""
    if not run.ema:
        return None
    from diffusers.training_utils import EMAModel

    return EMAModel(trained, decay=run.ema)
