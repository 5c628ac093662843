"""Noise and noise schedule against diffusers and the published numbers."""

import json
from itertools import pairwise

import pytest
import torch
from diffusers import DDIMScheduler
from pack.magicanimate_core.method.noise import (
    NO_NOISE,
    SPACINGS,
    TIMESTEPS,
    NoiseSchedule,
    aligned_timesteps,
    betas,
    last_timesteps,
    official_timesteps,
    pad_noise,
    repeat_noise,
    trailing_timesteps,
)
from pack.tests.shared import GOLDEN


@pytest.fixture(scope="module")
def ddim():
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="linear",
        steps_offset=1,
        clip_sample=False,
        timestep_spacing="leading",
    )


def test_betas_are_linear(ddim):
    assert torch.equal(betas(), ddim.betas)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 25, 30, 35, 50, 333, 999])
def test_timesteps_are_those_of_ddim(ddim, steps):
    ddim.set_timesteps(steps)
    assert official_timesteps(steps) == ddim.timesteps.tolist()


@pytest.mark.parametrize("steps", [1, 2, 4, 5, 8, 25, 50, 500])
def test_trailing_timesteps_are_those_of_ddim(ddim, steps):
    """Where steps divides the schedule; elsewhere diffusers steps to timesteps that are not in its own list."""
    trailing = DDIMScheduler.from_config(ddim.config, timestep_spacing="trailing")
    trailing.set_timesteps(steps)
    assert trailing_timesteps(steps) == trailing.timesteps.tolist()


@pytest.mark.parametrize("steps", [3, 7, 12, 30, 999])
def test_trailing_timesteps_are_one_stride_apart_down_to_nothing(steps):
    timesteps = trailing_timesteps(steps)
    assert len(timesteps) == steps and timesteps[-1] - 1000 // steps == -1
    assert {a - b for a, b in pairwise(timesteps)} == {1000 // steps}


@pytest.mark.parametrize("steps", [0, 1000])
@pytest.mark.parametrize("spacing", TIMESTEPS.values())
def test_step_counts_beyond_the_schedule_are_refused(spacing, steps):
    with pytest.raises(ValueError, match="1 to (999|100) steps"):
        spacing(steps)


@pytest.mark.parametrize("spacing", TIMESTEPS)
def test_the_last_steps_of_a_longer_row(spacing):
    assert last_timesteps(spacing, 8, 0.5) == TIMESTEPS[spacing](16)[-8:]
    assert last_timesteps(spacing, 25, 1.0) == TIMESTEPS[spacing](25)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_a_row_of_all_timesteps(spacing):
    assert last_timesteps(spacing, 999, 1.0) == SPACINGS[spacing](999)


def test_align_your_steps_has_the_noise_that_it_has_on_the_betas_it_was_found_on():
    """The ten timesteps of the publication, on Stable Diffusion's own betas; ours are the nearest in noise."""
    theirs = [999, 850, 736, 645, 545, 455, 343, 233, 124, 24]

    def sigmas(betas):
        alphas = torch.cumprod(1 - betas, 0)
        return ((1 - alphas) / alphas).sqrt()

    wanted = sigmas(torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2)[theirs]
    distance = (sigmas(betas().double()).log() - wanted.log()[:, None]).abs()
    assert aligned_timesteps(10) == distance.argmin(1).tolist()
    for steps in (1, 2, 6, 12, 25, 100):
        row = aligned_timesteps(steps)
        assert len(row) == steps and row[0] == 905 and all(a > b for a, b in pairwise(row))


def test_few_steps_cannot_be_the_last_of_very_many():
    with pytest.raises(ValueError, match="8 steps at denoise 0.01 .* at most 100"):
        last_timesteps("align_your_steps", 8, 0.01)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize(("spacing", "steps"), [("official", 25), ("official", 30), ("trailing", 4)])
def test_steps_are_those_of_ddim_to_the_bit(ddim, prediction, spacing, steps):
    theirs = DDIMScheduler.from_config(ddim.config, prediction_type=prediction)
    theirs.set_timesteps(steps)
    schedule, timesteps = NoiseSchedule(), SPACINGS[spacing](steps)
    z = ours = torch.randn(2, 4, 3, 3)
    for i, t in enumerate(timesteps):
        predicted, after = torch.randn(2, 4, 3, 3), torch.tensor([*timesteps, NO_NOISE][i + 1 : i + 2])
        z = theirs.step(predicted, t, z, eta=0.0).prev_sample
        clean, noise = schedule.parts(ours, predicted, torch.tensor([t]), prediction)
        ours = schedule.noisy(clean, noise, after)
        assert torch.equal(z, ours)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize(("steps", "denoise"), [(25, 0.02), (20, 0.02), (1, 0.0005), (999, 0.5), (10, 0.01), (7, 0.003)])
def test_more_steps_than_timesteps_go_between_them(spacing, steps, denoise):
    row = last_timesteps(spacing, steps, denoise)
    assert len(row) == steps and all(a > b for a, b in pairwise(row))
    assert row[-1] == {"official": 1, "trailing": 0}[spacing] and row[0] - row[-1] <= denoise * 1000


def test_frames_repeat_the_noise_of_the_first_segment():
    segment = torch.randn(4, 2)
    assert torch.equal(repeat_noise(segment, 10), segment[[0, 1, 2, 3, 0, 1, 2, 3, 0, 1]])


@pytest.mark.parametrize("frames", [5, 21, 32])
def test_padding_shared_noise_is_sharing_it_further(frames):
    segment = torch.randn(min(frames, 16), 2)
    assert torch.equal(pad_noise(repeat_noise(segment, frames), 32, 16), repeat_noise(segment, 32))


def test_published_numbers(golden):
    meta = json.loads((GOLDEN / "public" / "meta.json").read_text())
    for steps, timesteps in meta["timesteps_by_steps"].items():
        assert official_timesteps(int(steps)) == timesteps
    torch.testing.assert_close(torch.cumprod(1 - betas(), 0), golden("sampling")["alphas_cumprod"], rtol=1e-6, atol=0)
