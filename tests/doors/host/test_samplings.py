"""What the UNet predicts: sampling nodes of the host before and after ours, and LCM's few timesteps."""

import pytest
import torch
from pack.tests.doors.host.graphs import FRAMES, Graph, node


@pytest.fixture
def graph(small, run):
    return Graph(small, run)


def discrete(model, sampling, zsnr=False):
    return node("comfy_extras.nodes_model_advanced", "ModelSamplingDiscrete", model=model, sampling=sampling, zsnr=zsnr)


def continuous(model, sampling):
    values = {"sampling": sampling, "sigma_max": 120.0, "sigma_min": 0.002}
    return node("comfy_extras.nodes_model_advanced", "ModelSamplingContinuousEDM", model=model, **values)


def sampling_of(model):
    return model.get_model_object("model_sampling")


@pytest.mark.parametrize(
    ("kind", "zsnr"), [("eps", False), ("v_prediction", False), ("v_prediction", True), ("x0", False), ("lcm", False)]
)
def test_a_sampling_before_the_temporal_unet_keeps_its_kind(small, kind, zsnr):
    """With MagicAnimate's betas: what it makes of the UNet's output is its own, at the sigmas of linear betas."""
    from pack.magicanimate_core.method.noise import betas

    theirs = sampling_of(discrete(small.shared_base, kind, zsnr))
    ours = sampling_of(small.temporal(discrete(small.shared_base, kind, zsnr)))
    alphas = torch.cumprod(1 - betas(), 0)
    if not zsnr:  # the host's rescaled row has its own test
        expected = ((1 - alphas) / alphas).sqrt()[len(alphas) // len(ours.sigmas) - 1 :: len(alphas) // len(ours.sigmas)]
        assert torch.allclose(ours.sigmas, expected, rtol=1e-5)
    else:
        assert ours.sigma_max > 4000
    x, output, sigma = torch.randn(2, 4, 2, 2), torch.randn(2, 4, 2, 2), ours.sigmas[[30, 40]]
    assert torch.equal(
        ours.calculate_denoised(sigma, output, x), theirs.__class__.calculate_denoised(ours, sigma, output, x)
    )
    assert isinstance(ours, type(theirs).__mro__[2]) and len(ours.sigmas) == len(theirs.sigmas)


@pytest.mark.parametrize("kind", ["v_prediction", "x0", "lcm"])
def test_and_the_result_is_another(graph, kind):
    assert not torch.equal(graph.latents(before=lambda model: discrete(model, kind)), graph.latents())


def test_the_usual_sampling_before_changes_nothing(graph):
    assert torch.equal(graph.latents(before=lambda model: discrete(model, "eps")), graph.latents())


def test_a_second_temporal_unet_keeps_it_too(small):
    once = small.temporal(discrete(small.shared_base, "v_prediction"))
    assert type(sampling_of(small.temporal(once))) is type(sampling_of(once))


@pytest.mark.parametrize("kind", ["edm", "v_prediction", "eps"])
def test_continuous_noise_before_is_refused(small, kind):
    with pytest.raises(ValueError, match="continuous or other noise .* remove that node"):
        small.temporal(continuous(small.shared_base, kind))


@pytest.mark.parametrize("kind", ["eps", "v_prediction", "lcm", "x0"])
def test_a_sampling_after_is_refused(graph, kind):
    """It would put Stable Diffusion's own noise schedule back."""
    with pytest.raises(ValueError, match="replaced MagicAnimate's noise schedule: put the sampling node before"):
        graph.latents(after=lambda model: discrete(model, kind))


def test_other_schedules_on_the_scheduler_are_refused(small, run):
    with pytest.raises(ValueError, match="no timesteps of SD 1.5"):
        run("MagicAnimateScheduler", model=continuous(small.shared_base, "edm"), steps=4)


@pytest.mark.parametrize("spacing", ["official", "trailing"])
@pytest.mark.parametrize("steps", [1, 4, 8, 25])
def test_lcm_samples_at_the_nearest_timesteps_it_knows(small, run, spacing, steps):
    from pack.magicanimate_core.method.noise import SPACINGS

    model = small.temporal(discrete(small.shared_base, "lcm"))
    sigmas = run("MagicAnimateScheduler", model=model, steps=steps, spacing=spacing)[0]
    known, wanted = sampling_of(model), torch.tensor(SPACINGS[spacing](steps))
    assert len(sigmas) == steps + 1 and (sigmas.diff() < 0).all()
    assert all(torch.isclose(known.sigmas, sigma).any() for sigma in sigmas[:-1])
    away = known.timestep(sigmas[:-1]) - wanted.clamp(min=19)  # it knows every twentieth, from 19 on
    assert (away.abs() <= 10).all()


def test_lcm_has_no_more_timesteps_than_it_knows(small, run):
    model = small.temporal(discrete(small.shared_base, "lcm"))
    with pytest.raises(ValueError, match="distilled to 50 timesteps, too few for 60 steps"):
        run("MagicAnimateScheduler", model=model, steps=60)


def test_lcm_through_animate(small):
    model = small.temporal(discrete(small.shared_base, "lcm"))
    assert small.animate(FRAMES, model=model, sampler_name="lcm", cfg=1.0, steps=4).isfinite().all()
