"""Initial noise, the noise schedule of MagicAnimate, and the one algebra of picture, noise and velocity."""

import torch
from torch import Tensor, nn

TRAIN_TIMESTEPS = 1000
NO_NOISE = -1  # the timestep where no noise is left, to which the last step of sampling goes


def betas() -> Tensor:
    """Variances of the forward process: linear in beta, unlike Stable Diffusion's own (linear in sqrt(beta)). (1000,)"""
    return torch.linspace(0.00085, 0.012, TRAIN_TIMESTEPS)


class NoiseSchedule(nn.Module):
    """How much of a picture and how much noise is left at each timestep; Eq. 4's forward process and its inverses.

    Pictures and noise are (N, ...), each at its own timestep; t: (N,) int64, 0 to 999, or NO_NOISE.
    """

    def __init__(self) -> None:
        super().__init__()
        # alpha bar, (1000,); computed, so no file holds it
        self.register_buffer("alphas", torch.cumprod(1 - betas(), 0), persistent=False)

    def at(self, t: Tensor, like: Tensor) -> Tensor:
        """Returns alpha bar of t (N,), ready to be multiplied with `like` (N, ...): (N, 1, ..., 1)."""
        alphas = torch.where(t == NO_NOISE, 1.0, self.alphas[t])
        return alphas.reshape(-1, *[1] * (like.ndim - 1))

    def noisy(self, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """Returns z_t of the forward process, (N, ...)."""
        alpha = self.at(t, clean)
        return alpha.sqrt() * clean + (1 - alpha).sqrt() * noise

    def clean(self, noisy: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """Returns the z_0 from which this noise leads to z_t, (N, ...)."""
        alpha = self.at(t, noisy)
        return (noisy - (1 - alpha).sqrt() * noise) / alpha.sqrt()

    def noise(self, noisy: Tensor, velocity: Tensor, t: Tensor) -> Tensor:
        """Returns the noise in z_t, (N, ...), of a net that says v = sqrt(alpha bar) eps - sqrt(1 - alpha bar) z_0.

        (Salimans & Ho, 2022)
        """
        alpha = self.at(t, noisy)
        return (1 - alpha).sqrt() * noisy + alpha.sqrt() * velocity

    def parts(self, noisy: Tensor, predicted: Tensor, t: Tensor, prediction: str) -> tuple[Tensor, Tensor]:
        """Returns z_0 and the noise in z_t, (N, ...) each, as a net sees them. prediction: epsilon or v_prediction."""
        if prediction == "epsilon":
            return self.clean(noisy, predicted, t), predicted
        alpha = self.at(t, noisy)
        return alpha.sqrt() * noisy - (1 - alpha).sqrt() * predicted, self.noise(noisy, predicted, t)

    def step(self, noisy: Tensor, noise: Tensor, t: Tensor, to: Tensor) -> Tensor:
        """Returns where a step of DDIM from z_t to the timesteps `to` (N,) arrives, (N, ...), with this noise in z_t."""
        return self.noisy(self.clean(noisy, noise, t), noise, to)

    def noise_of_step(self, noisy: Tensor, arrived: Tensor, t: Tensor, to: Tensor) -> Tensor:
        """Returns the noise with which one step of DDIM leads from z_t to z_to, (N, ...); to < t. The inverse of `step`.

        What a student must see in order to arrive where several steps of its teacher do (Salimans & Ho, 2022).
        """
        alpha, later = self.at(t, noisy), self.at(to, noisy)
        kept = (later / alpha).sqrt()  # what the step makes of z_t itself
        return (arrived - kept * noisy) / ((1 - later).sqrt() - kept * (1 - alpha).sqrt())


def official_timesteps(steps: int) -> list[int]:
    """Returns the DDIM timesteps of the published code, noisiest first: leading spacing, offset 1.

    >>> official_timesteps(4)
    [751, 501, 251, 1]

    Raises ValueError for fewer than 1 or more than 999 steps.
    """
    check_steps("official", steps)
    stride = TRAIN_TIMESTEPS // steps
    return [i * stride + 1 for i in reversed(range(steps))]


def trailing_timesteps(steps: int) -> list[int]:
    """Returns DDIM timesteps that begin where there is nothing but noise, for few steps (Lin et al., 2023, Sec. 3.3).

    >>> trailing_timesteps(4)
    [999, 749, 499, 249]

    Raises ValueError for fewer than 1 or more than 999 steps.
    """
    check_steps("trailing", steps)
    stride = TRAIN_TIMESTEPS // steps
    return [(i + 1) * stride - 1 for i in reversed(range(steps))]


def begins(timesteps: list[int], grid: int = 1) -> bool:
    """Whether one or two timesteps, noisiest first, are the first of a whole row of evenly spaced ones, not of its rest.

    grid: distance of the timesteps that a model knows, from which they may be off.

    >>> begins(official_timesteps(25)[:2]), begins(official_timesteps(25)[5:7])
    (True, False)
    """
    if len(timesteps) < 2:  # one step from noise to picture is a whole row
        return True
    first, stride = timesteps[0], timesteps[0] - timesteps[1]
    if stride < 1:
        return False
    steps = round((first - 1) / stride) + 1
    return first + stride >= TRAIN_TIMESTEPS or abs(first - official_timesteps(steps)[0]) < grid


ALIGNED = "align_your_steps"
# what SD 1.5's own timesteps 999, 850, 736, 645, 545, 455, 343, 233, 124, 24 mean as noise, noisiest first
ALIGNED_SIGMAS = (14.6146, 6.4746, 3.8637, 2.6946, 1.8842, 1.3944, 0.9643, 0.6524, 0.3977, 0.1515)


def aligned_timesteps(steps: int) -> list[int]:
    """Returns the timesteps with the noise that Sabour et al. (2024, "Align Your Steps") found best for SD 1.5.

    Other numbers of steps than their ten go evenly between these, in the logarithm of the noise.

    >>> aligned_timesteps(10)
    [905, 746, 631, 542, 449, 369, 275, 186, 102, 22]

    Raises ValueError for fewer than 1 or more than 100 steps.
    """
    check_steps(ALIGNED, steps)
    alphas = torch.cumprod(1 - betas().double(), 0)
    known = ((1 - alphas) / alphas).sqrt().log()  # of every timestep, (1000,)
    logs = torch.tensor(ALIGNED_SIGMAS, dtype=torch.float64).log()
    place = torch.linspace(0, len(logs) - 1, steps, dtype=torch.float64)  # among the ten, (steps,)
    below = place.long().clamp(max=len(logs) - 2)
    levels = torch.lerp(logs[below], logs[below + 1], place - below)
    return [int((known - level).abs().argmin()) for level in levels]


SPACINGS = {"official": official_timesteps, "trailing": trailing_timesteps}  # even, for any number of steps
TIMESTEPS = SPACINGS | {ALIGNED: aligned_timesteps}
MOST_STEPS = {ALIGNED: 100}  # of a spacing that is for few; of others one less than there are timesteps


def last_timesteps(spacing: str, steps: int, denoise: float) -> list[float]:
    """Returns the last `steps` timesteps of a spacing with steps / denoise steps, noisiest first; 0 < denoise <= 1.

    Where that is more than there are timesteps, the row goes on between them.

    >>> last_timesteps("official", 4, 0.5), last_timesteps("official", 4, 0.002)
    ([376, 251, 126, 1], [2.5, 2.0, 1.5, 1.0])

    Raises ValueError for fewer than 1 or more than 999 steps, and for a longer row than a spacing for few steps has.
    """
    check_steps(spacing, steps)
    total = int(steps / denoise)
    if total > MOST_STEPS.get(spacing, total):
        raise ValueError(
            f"{steps} steps at denoise {denoise} are the last of {total}, but the {spacing} schedule has at most "
            f"{MOST_STEPS[spacing]}: take fewer steps, more denoise, or another schedule."
        )
    if total < TRAIN_TIMESTEPS:
        return TIMESTEPS[spacing](total)[-steps:]
    last = SPACINGS[spacing](TRAIN_TIMESTEPS - 1)[-1]  # 1 or 0
    return [last + i * TRAIN_TIMESTEPS / total for i in reversed(range(steps))]


def check_steps(spacing: str, steps: int) -> None:
    """Raises ValueError where a spacing has not so many steps."""
    most = MOST_STEPS.get(spacing, TRAIN_TIMESTEPS - 1)
    if not 1 <= steps <= most:
        raise ValueError(f"steps is {steps}; the {spacing} schedule has 1 to {most} steps.")


def repeat_noise(segment: Tensor, frames: int) -> Tensor:
    """Lets all segments share z^{1:K} (Sec. 3.3): frame f starts from segment[f mod K]. (K, ...) -> (frames, ...)"""
    return segment[torch.arange(frames) % segment.shape[0]]


def pad_noise(noise: Tensor, frames: int, length: int) -> Tensor:
    """Gives the padded end of a clip the noise of its beginning, (N, ...) -> (frames, ...).

    Frame f >= N starts from frame f mod min(length, N).
    """
    extra = torch.arange(noise.shape[0], frames) % min(length, noise.shape[0])
    return torch.cat([noise, noise[extra]])
