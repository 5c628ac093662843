"""Guidance is left out, computed or used again where the rule says so, and used again it is the same guidance."""

import pytest
import torch
from pack.magicanimate_core.method.guidance import Guided, RunGuidance, guidance_of_steps
from pack.magicanimate_core.method.noise import NoiseSchedule, official_timesteps, trailing_timesteps

LETTER = {Guided.ANEW: "a", Guided.AGAIN: "u", Guided.NOT: "-"}


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((0.0, 1.0, 1), "aaaaaaaaaa"),
        ((0.0, 1.0, 3), "auuauuauua"),
        ((0.25, 0.75, 1), "---aaaaa--"),
        ((0.25, 0.75, 2), "---auaua--"),
        ((0.0, 0.0, 1), "a---------"),
        ((1.0, 1.0, 1), "----------"),
    ],
)
def test_steps(span, expected):
    assert "".join(LETTER[how] for how in guidance_of_steps(trailing_timesteps(10), *span)) == expected


def test_the_published_way_computes_every_step():
    assert set(guidance_of_steps(official_timesteps(25), 0.0, 1.0, 1)) == {Guided.ANEW}


def test_a_step_that_computes_gives_what_it_computed_and_keeps_nothing_for_nobody():
    guidance, halves = RunGuidance(), torch.randn(2, 3, 4, 2, 2)
    assert guidance.other_half(Guided.ANEW, *halves, 1.0) is not None and guidance.direction is None
    assert torch.equal(guidance.other_half(Guided.ANEW, *halves, 1.0), halves[1])
    assert torch.equal(guidance.other_half(Guided.NOT, halves[0], None, 1.0), halves[0])


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_used_again_it_is_the_same_difference_of_noise(prediction):
    """Whatever a net predicts, and for a host that speaks of pictures: noise with photo less noise without stays."""
    schedule, (z, eps, other) = NoiseSchedule(), torch.randn(3, 1, 4, 2, 2, dtype=torch.float64)
    alphas = schedule.alphas.double()

    def said(noise, t):  # by a net
        clean = (z - (1 - alphas[t]).sqrt() * noise) / alphas[t].sqrt()
        return noise if prediction == "epsilon" else alphas[t].sqrt() * noise - (1 - alphas[t]).sqrt() * clean

    def unit(t):
        return 1.0 if prediction == "epsilon" else float(alphas[t] ** -0.5)

    guidance = RunGuidance(keeps=True)
    guidance.other_half(Guided.ANEW, said(eps, 700), said(other, 700), unit(700))
    again = guidance.other_half(Guided.AGAIN, said(eps, 300), None, unit(300))
    torch.testing.assert_close(again, said(other, 300))
