"""The plan of a run: which frames share a window, what is padding, and which noise each frame starts from. Pure data."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import torch

from ..method.guidance import UNGUIDED, Guided, guidance_of_steps
from ..method.noise import TIMESTEPS, TRAIN_TIMESTEPS, pad_noise, repeat_noise
from ..method.windows import grouped, padded_length
from ..options import Sampling, Windows
from .work import Kind, Net, run_flop

Layout = list[list[int]]  # the frames of every window


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All frame numbers begin with 0; those from `frames` on are padding, which shows the clip's last frame again."""

    frames: int  # of the clip
    total: int  # that are denoised, padding included
    width: int  # in pixels
    height: int
    length: int  # of a window, as it was asked for
    overlap: int
    schedule: str
    steps: int
    cfg: float
    guided: int  # steps that compute two halves, with the photo and without; the others only the first of them
    windows: Layout  # of the first step
    calls: list[tuple[list[int], int]]  # of the first step: the frames of every call of the UNet, its windows' length
    noise: list[int]  # of every frame that is denoised: which noise it starts from
    lengths: Mapping[Kind, int]  # how many windows of a kind there are in the whole run
    evaluations: int  # calls of the UNet in the whole run, for samplers that evaluate once a step
    moves: bool  # windows are not the same at every step
    missed: frozenset[int]  # frames that are in no window at some step

    @property
    def padded(self) -> int:
        """How many frames are padding."""
        return self.total - self.frames

    @cached_property
    def shared(self) -> list[int]:
        """How many windows see a frame, for every frame that is denoised."""
        counts = Counter(frame for window in self.windows for frame in set(window))
        return [counts[frame] for frame in range(self.total)]

    @property
    def wrapping(self) -> list[int]:
        """Numbers of the windows that go over the end of the clip to its first frames."""
        return [number for number, window in enumerate(self.windows) if wraps_at(window) < len(window)]

    @cached_property
    def net(self) -> Net:
        """SD 1.5's nets at this size."""
        return Net(self.width, self.height)

    def flop(self, net: Net | None = None) -> int:
        """Returns the floating-point operations of the run, counted as `benchmarks.flops` does. net: other than SD 1.5's."""
        return run_flop(net or self.net, self.lengths, self.total, self.steps)


def make_plan(
    frames: int, size: tuple[int, int], layouts: Iterable[Layout], *, windows: Windows, sampling: Sampling, per_call: int = 1
) -> Plan:
    """Returns the plan for a clip of `frames`. size: width and height in pixels that are animated.

    layouts: the windows of every step, over the padded clip. per_call: windows that are denoised together. Which steps are
    guided is a guess where the scheduler is not ours. Raises ValueError for no frames, and for no steps.
    """
    if frames < 1:
        raise ValueError(f"The clip has {frames} frames; expected at least 1.")
    total = padded_length(windows.context_schedule, frames, windows.context_length)
    return Plan(
        frames=frames,
        total=total,
        width=size[0],
        height=size[1],
        length=windows.context_length,
        overlap=windows.context_overlap,
        schedule=windows.context_schedule,
        cfg=sampling.cfg,
        noise=noise_numbers(frames, total, windows.context_length, sampling.shared_noise),
        **_over_steps(zip(layouts, guided_steps(sampling), strict=False), per_call, total),
    )


def guided_steps(sampling: Sampling) -> list[bool]:
    """Returns for each step whether both halves are computed."""
    if sampling.cfg == UNGUIDED:
        return [False] * sampling.steps
    spacing = TIMESTEPS.get(sampling.scheduler, _evenly)
    span = sampling.guidance_start, sampling.guidance_end, sampling.guidance_every
    return [how is Guided.ANEW for how in guidance_of_steps(spacing(sampling.steps), *span)]


def _evenly(steps: int) -> list[float]:
    """About the timesteps of a scheduler that is not ours."""
    return [(1 - step / steps) * (TRAIN_TIMESTEPS - 1) for step in range(steps)]


def _over_steps(layouts: Iterable[tuple[Layout, bool]], per_call: int, total: int) -> dict[str, Any]:
    """What a plan says of its windows. Steps one after another that are the same are looked at once."""
    runs = ((*step, sum(1 for _ in same)) for step, same in groupby(layouts))
    first: Layout = []
    lengths, steps, guided, evaluations, missed, moves = Counter(), 0, 0, 0, set(), False
    for layout, both, times in runs:
        first = first or layout
        moves |= layout != first
        steps += times
        guided += times * both
        evaluations += times * len(grouped(layout, per_call))
        lengths.update({(length, both): times * count for length, count in Counter(map(len, layout)).items()})
        missed |= set(range(total)).difference(*layout)
    if not steps:
        raise ValueError("There is no step to plan; expected at least 1.")
    return {
        "windows": first, "calls": grouped(first, per_call), "steps": steps, "guided": guided, "lengths": lengths,
        "evaluations": evaluations, "missed": frozenset(missed), "moves": moves,
    }  # fmt: skip


def noise_numbers(frames: int, total: int, length: int, shared: bool) -> list[int]:
    """Returns which noise each of `total` frames starts from: what the noise itself goes through, its number does."""
    numbers = repeat_noise(torch.arange(length), frames) if shared else torch.arange(frames)  # (frames,)
    return pad_noise(numbers, total, length).tolist()


def wraps_at(window: list[int]) -> int:
    """Returns the place in a window where it goes back to an earlier frame; its length where it does not."""
    return next((i for i in range(1, len(window)) if window[i] < window[i - 1]), len(window))
