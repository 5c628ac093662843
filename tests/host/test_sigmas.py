"""MagicAnimate Scheduler: as many steps as were asked for, in the part of the noise that was asked for."""

import pytest
import torch
from pack.magicanimate_core.method.noise import SPACINGS


@pytest.fixture
def sigmas(small, run):
    model = small.temporal()
    table = model.get_model_object("model_sampling").sigmas
    return table, lambda **options: run("MagicAnimateScheduler", model=model, **options)[0]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize(("steps", "denoise"), [(25, 0.02), (20, 0.02), (2, 0.001), (999, 0.9), (25, 0.0101)])
def test_more_steps_than_timesteps(sigmas, spacing, steps, denoise):
    table, make = sigmas
    row = make(steps=steps, denoise=denoise, spacing=spacing)
    assert len(row) == steps + 1 and row[-1] == 0 and (row.diff() < 0).all()  # none is a step of no length
    top = int(denoise * 1000) + 1
    assert table[0] < row[0] <= table[min(top, 999)] * 1.0001


def test_whole_timesteps_are_those_of_the_table(sigmas):
    table, make = sigmas
    assert torch.equal(make(steps=25, denoise=0.5)[:-1], table[[1 + 20 * i for i in reversed(range(25))]])


def test_nothing_to_denoise(sigmas):
    assert len(sigmas[1](steps=25, denoise=0.0)) == 0


def test_steps_that_are_one_sigma(sigmas):
    with pytest.raises(ValueError, match="999 steps at denoise 1e-07 .* take fewer steps"):
        sigmas[1](steps=999, denoise=1e-7)
