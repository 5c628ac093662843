"""One step of the student must arrive where a chain of guided steps of its teacher does (Salimans & Ho, 2022).

Both start from the same latents at one of the student's few timesteps. Teacher and student are the same nets at first, the
base UNet stays what it is, so that the result is loaded like any other weights.
"""

import copy
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from ...method.noise import NO_NOISE, NoiseSchedule, trailing_timesteps
from ..animation import Animation
from ..batch import Batch
from ..config import Config
from ..from_nothing.objective import HelpedObjective
from ..objective import WEIGHTINGS

See = Callable[[Tensor, Tensor], Tensor]  # z_t (N, F, 4, h, w) at t (N,) -> the noise in it


def ddim_chain(schedule: NoiseSchedule, see: See, noisy: Tensor, t: Tensor, to: Tensor, steps: int) -> Tensor:
    """Returns where `steps` steps of DDIM lead from z_t (N, F, 4, h, w); t, to: (N,), to < t, evenly parted."""
    times = [t - (t - to) * i // steps for i in range(steps + 1)]
    for here, there in pairwise(times):
        noisy = schedule.step(noisy, see(noisy, here), here, there)
    return noisy


def frozen_copy(nets: Animation) -> Animation:
    """Returns nets that stay as these are now, without training. What is frozen here is shared: the base UNet."""
    shared = {id(p): p for p in nets.parameters() if not p.requires_grad}
    return copy.deepcopy(nets, shared).requires_grad_(False).eval()


class Distillation(HelpedObjective):
    """The squared error of the student's velocity, its target that with which one step does what the teacher's chain does.

    Errors count for the person and for changes between frames as in other stages.
    """

    def __init__(self, nets: Animation, teacher: Animation, config: Config) -> None:
        super().__init__(nets, config.loss)
        self.weigh = WEIGHTINGS["v"]  # by errors of the noise the first steps would count for nothing
        self.teacher, self.distil = teacher, config.distil
        self.register_buffer("grid", torch.tensor(trailing_timesteps(config.distil.steps)), persistent=False)

    def train(self, mode: bool = True) -> "Distillation":
        """Switches the student to training; the teacher stays as it samples."""
        super().train(mode)
        self.teacher.eval()
        return self

    def forward(self, batch: Batch) -> Tensor:
        """Returns the loss, a scalar. The batch's timesteps choose the step: the one in whose span each lies."""
        return super().forward(batch._replace(timesteps=self.spans(batch.timesteps)[0]))

    def spans(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Returns from where to where the student's step goes in whose span t lies; all are (N,)."""
        edges = torch.cat([self.grid, self.grid.new_tensor([NO_NOISE])]).flip(0)  # rising
        index = torch.searchsorted(edges, t).clamp(1, len(self.grid))
        return edges[index], edges[index - 1]

    def error(self, batch: Batch) -> Tensor:
        """Returns the noise that the student sees less the one that it should see, (N, F, 4, h, w)."""
        t, to = self.spans(batch.timesteps)
        with torch.no_grad():
            noisy = self.own_latents(batch) if batch.rollout else self.true_latents(batch)
            arrived = ddim_chain(self.nets.schedule, self.guided(batch), noisy, t, to, self.distil.teacher_steps)
            target = self.nets.schedule.noise_of_step(noisy, arrived, t, to)
        return self.nets.noise_in(noisy, batch) - target

    def guided(self, batch: Batch) -> See:
        """Returns what the teacher sees under a batch's conditions."""
        return lambda noisy, t: self.teacher.noise_in(noisy, batch._replace(timesteps=t), self.distil.cfg)

    def true_latents(self, batch: Batch) -> Tensor:
        """Returns true latents with noise, (N, F, 4, h, w); where sampling begins, the noise alone, as it begins."""
        noisy = self.nets.schedule.noisy(batch.latents, batch.noise, batch.timesteps)
        return torch.where((batch.timesteps == self.grid[0])[:, None, None, None, None], batch.noise, noisy)

    def own_latents(self, batch: Batch) -> Tensor:
        """Returns what the student itself makes of the noise on its way to the batch's timesteps, (N, F, 4, h, w)."""
        noisy = batch.noise
        for here, there in pairwise(self.grid):
            on_the_way = batch.timesteps < here  # (N,)
            if not on_the_way.any():
                break
            t, to = here.expand_as(batch.timesteps), there.expand_as(batch.timesteps)
            stepped = self.nets.schedule.step(noisy, self.nets.noise_in(noisy, batch._replace(timesteps=t)), t, to)
            noisy = torch.where(on_the_way[:, None, None, None, None], stepped, noisy)
        return noisy


def build_distillation(nets: Animation, config: Config) -> Distillation:
    """Returns the loss of a student, which `nets` are; as they are now they are the teacher, too."""
    teacher = frozen_copy(nets)
    if config.run.half is not None:
        teacher.halve_frozen(config.run.half)
    return Distillation(nets, teacher, config)
