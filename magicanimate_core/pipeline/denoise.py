"""The denoising loop: windows of a step, fused, one DDIM step for the whole clip (Eq. 4, Sec. 3.3)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import torch
from einops import rearrange
from torch import Tensor

from ..method.guidance import UNGUIDED, Guided, RunGuidance, guidance_of_steps
from ..method.noise import NO_NOISE, TIMESTEPS, NoiseSchedule, pad_noise, repeat_noise
from ..method.picking import picked, stretches
from ..method.windows import FUSE_METHODS, SCHEDULES, Fusion, moved_on, needed_later, padded_length, share_out
from ..options import Settings
from .call import Reference
from .conditions import Conditions
from .hints import kept_poses
from .nets import Nets
from .residuals import PoseResiduals


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Processes that share the windows of a step. `reduce` sums a tensor over all of them, in place."""

    rank: int = 0
    count: int = 1
    reduce: Callable[[Tensor], None] = lambda tensor: None


ONE_WORKER = Workers()


@dataclass(frozen=True, kw_only=True)
class Step:
    """Which step of a run is done, and what it does about guidance."""

    number: int = 0
    guided: Guided = Guided.ANEW
    guidance: RunGuidance = field(default_factory=RunGuidance)  # the run's


def steps_of(settings: Settings) -> list[Step]:
    """Returns the steps of one run, which share its guidance."""
    span = settings.guidance_start, settings.guidance_end, settings.guidance_every
    guided = guidance_of_steps(TIMESTEPS[settings.scheduler](settings.steps), *span)
    guidance = RunGuidance(keeps=Guided.AGAIN in guided)
    return [Step(number=number, guided=how, guidance=guidance) for number, how in enumerate(guided)]


def can_begin_at(settings: Settings, step: int) -> bool:
    """Whether a run can go on with a step without what an earlier one left it, but for the latents."""
    steps = steps_of(settings)
    return step >= len(steps) or steps[step].guided is not Guided.AGAIN


def last(steps: Iterator[Tensor], start: Tensor) -> Tensor:
    """Returns the latents (F, 4, h, w) after the last step; `start` where no step is left to do."""
    return reduce(lambda before, after: after, steps, start)


def denoise(
    nets: Nets,
    conditions: Conditions,
    latents: Tensor,
    settings: Settings,
    *,
    workers: Workers = ONE_WORKER,
    first_step: int = 0,
) -> Iterator[Tensor]:
    """Yields the latents after each step, (F, 4, h, w) fp32 off the device; starts with the padded clip's noise `latents`.

    All processes yield the same; first_step > 0 goes on from an earlier run's latents. Raises ValueError for latents that
    are no numbers.
    """
    schedule, timesteps = NoiseSchedule(), [*TIMESTEPS[settings.scheduler](settings.steps), NO_NOISE]
    conditions = replace(conditions, poses=kept_poses(conditions.poses, nets.device, nets.dtype))
    for step in steps_of(settings)[first_step:]:
        t, to = torch.tensor(timesteps[step.number : step.number + 2])[:, None]  # (1,) each
        predicted = predict(nets, conditions, latents, t[0], settings, workers, step)
        clean, noise = schedule.parts(latents, predicted, t, nets.prediction)
        latents = schedule.noisy(clean, noise, to)
        if not torch.isfinite(latents).all():
            raise ValueError(
                f"Step {step.number + 1} of {settings.steps} gives values that are no numbers: "
                f"{nets.dtype} does not hold them, take fp32 or bf16; or a file of weights is damaged."
            )
        yield latents


@torch.inference_mode()
def predict(
    nets: Nets, conditions: Conditions, latents: Tensor, t: Tensor | int, settings: Settings, workers: Workers,
    step: Step | None = None,
) -> Tensor:  # fmt: skip
    """Predicts for a whole clip, guided, (F, 4, h, w): every window's prediction, averaged where windows share frames.

    latents: (F, 4, h, w), off the device. t: the timestep. step: of a run; None: one that knows of no other.
    """
    step = step or Step()
    frames = latents.shape[0]
    guided = settings.cfg != UNGUIDED
    halves = 1 + (guided and step.guided is Guided.ANEW)  # without guidance the unconditional half is for nobody
    windows = windows_of_step(settings, frames, step.number)
    share = share_out(len(windows), workers.rank, workers.count)
    mine = [windows[i] for i in share]
    weights = FUSE_METHODS[settings.fuse_method](windows)
    # in fp64, so that the order of the windows does not matter
    fusion = Fusion(frames, halves * latents[0].numel(), torch.float64)
    made = predict_windows(nets, conditions, latents, t, settings, windows=mine, halves=halves, cuts=edges(windows))
    for i, (window, outputs) in zip(share, made, strict=True):
        fusion.add(window, rearrange(outputs, "b f c h w -> f (b c h w)"), torch.tensor(weights[i], dtype=torch.float64))
    workers.reduce(fusion.sums)
    mean = fusion.mean().to(latents.dtype).unflatten(1, (halves, *latents.shape[1:]))
    *uncond, cond = mean.unbind(1)  # each (F, 4, h, w)
    if not guided:
        return cond
    other = step.guidance.other_half(step.guided, cond, uncond[0] if uncond else None, _noise_unit(nets.prediction, t))
    return other + settings.cfg * (cond - other)


def windows_of_step(settings: Settings, frames: int, step: int) -> list[list[int]]:
    """Returns the frame indices of every window of a step (0, 1, ...). frames: of the clip, padding included."""
    schedule = SCHEDULES[settings.context_schedule]
    windows = schedule.windows(frames, settings.context_length, settings.context_overlap)
    return moved_on(windows, step, frames) if settings.move_windows else windows


def edges(windows: Sequence[list[int]]) -> set[int]:
    """Returns the frames before which any window of a step begins or ends.

    There a batch of the ControlNet ends, whichever process has the windows beside it: a matrix product's last bits depend
    on its size, and all shall compute a frame alike.
    """
    return {edge for window in windows for part in stretches(window) for edge in (part.start, part.stop)}


def _noise_unit(prediction: str, t: Tensor | int) -> float:
    """By how much a prediction at timestep t changes where its noise changes by 1."""
    return 1.0 if prediction == "epsilon" else float(NoiseSchedule().alphas[int(t)] ** -0.5)


def predict_windows(
    nets: Nets, conditions: Conditions, latents: Tensor, t: Tensor | int, settings: Settings, *,
    windows: Sequence[list[int]], halves: int, cuts: Collection[int] | None = None,
) -> Iterator[tuple[list[int], Tensor]]:  # fmt: skip
    """Yields (window, predictions (halves, K, 4, h, w), unconditional first) for each window, off the device.

    latents: (F, 4, h, w), off the device. halves: 1 without the unconditional one. cuts: frames that begin a batch of
    the ControlNet; None: the edges of a run's first windows.
    """
    if not windows:
        return
    if cuts is None:
        cuts = edges(windows_of_step(settings, latents.shape[0], 0))
    timestep = torch.as_tensor(t, device=nets.device)
    references = [None, read_reference(nets, conditions, timestep)][-halves:]
    pose = PoseResiduals(nets, conditions, latents, timestep, settings, cuts)
    for window, later in zip(windows, needed_later(windows), strict=True):
        x = picked(latents, window).to(nets.device, nets.dtype)  # (K, 4, h, w)
        residuals = pose.of(window, later)
        out = nets.unet(
            torch.cat([x] * halves),
            timestep,
            frames=len(window),
            references=references,
            residuals=None if residuals is None else [torch.cat([r] * halves) for r in residuals],
            **conditions.rows(halves, len(window)),
            temporal=settings.temporal_attention,
        )
        yield window, out.float().cpu().unflatten(0, (halves, -1))


def read_reference(nets: Nets, conditions: Conditions, timestep: Tensor) -> Reference | None:
    """Returns the reference image's keys and values (Eq. 1, 2), the same for all windows of a step; None without one."""
    if conditions.reference is None:
        return None
    return nets.unet.keys_values(nets.encoder(conditions.reference, timestep, conditions.positive))


def initial_noise(settings: Settings, poses: int, height: int, width: int) -> Tensor:
    """Draws noise for all padded frames from the seed, (F, 4, h, w), the same as the Animate node's; poses: frames given."""
    length = settings.context_length
    drawn = torch.randn(
        (length if settings.shared_noise else poses, 4, height, width), generator=torch.manual_seed(settings.seed)
    )
    noise = repeat_noise(drawn, poses) if settings.shared_noise else drawn
    return pad_noise(noise, padded_length(settings.context_schedule, poses, length), length)
