"""Noise on an empty latent: as DDIM has it where a run begins, and as large as sigma says everywhere else."""

import pytest
import torch
from pack.tests.doors.host.graphs import SIDE, Graph, node


@pytest.fixture
def graph(small, run):
    return Graph(small, run)


class Given:
    """A NOISE (F, 4, h, w) that is given."""

    seed = 0

    def __init__(self, noise):
        self.noise = noise

    def generate_noise(self, latent):
        return self.noise.clone()


def first_input(graph, monkeypatch, **changes):
    """What the UNet gets first: (F, 4, h, w), as large as sigma says."""
    import comfy.k_diffusion.sampling as sampling

    seen = []

    def look(model, x, sigmas, extra_args=None, callback=None, disable=None):
        seen.append(x.clone())
        return x

    monkeypatch.setattr(sampling, "sample_euler", look)
    graph.latents(sampler="euler", frames=4, **changes)
    return seen[0]


NOISE = torch.randn(4, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "first", "last", "unit"),
    [
        ("a whole run", 0, None, True),
        ("the first stage of two", 0, 3, True),
        ("the second stage", 3, None, False),
        ("a stage in the middle", 2, 5, False),
    ],
)
def test_an_empty_latent_starts_from_unit_noise_only_at_the_beginning(
    graph, run, small, monkeypatch, name, first, last, unit
):
    sigmas = run("MagicAnimateScheduler", model=small.temporal(), steps=10)[0]
    sigmas = sigmas[first : None if last is None else last + 1]
    x = first_input(graph, monkeypatch, sigmas=sigmas, noise=Given(NOISE))
    expected = NOISE * ((1 + sigmas[0] ** 2).sqrt() if unit else sigmas[0])
    assert torch.allclose(x, expected, rtol=1e-6)


@pytest.mark.parametrize("scheduler", ["normal", "karras", "ddim_uniform", "simple", "sgm_uniform", "beta"])
@pytest.mark.parametrize("start", [0, 4])
def test_host_schedulers_begin_as_the_host_says(graph, small, monkeypatch, scheduler, start):
    import comfy.samplers

    sigmas = comfy.samplers.calculate_sigmas(small.temporal().get_model_object("model_sampling"), scheduler, 10)[start:]
    x = first_input(graph, monkeypatch, sigmas=sigmas, noise=Given(NOISE))
    assert torch.allclose(x, NOISE * ((1 + sigmas[0] ** 2).sqrt() if start == 0 else sigmas[0]), rtol=1e-4)


def test_add_noise_on_an_empty_latent_is_as_large_as_sigma(small):
    model = small.temporal()
    sigmas = model.get_model_object("model_sampling").sigmas[[500, 1]]
    latent = {"samples": torch.zeros(4, 4, SIDE, SIDE)}
    inputs = {"model": model, "noise": Given(NOISE), "sigmas": sigmas, "latent_image": latent}
    noisy = node("comfy_extras.nodes_custom_sampler", "AddNoise", **inputs)["samples"]
    expected = model.model.process_latent_out(NOISE * (sigmas[0] - sigmas[-1]).abs())
    assert torch.allclose(noisy, expected, rtol=1e-5)


def test_masks_on_an_empty_latent_keep_noise_as_large_as_sigma(graph, monkeypatch):
    """What a mask keeps is the empty latent with the noise of the step, at every step."""
    import comfy.samplers

    seen = []
    original = comfy.samplers.KSamplerX0Inpaint.__call__

    def look(self, x, sigma, *args, **kwargs):
        def inner(x, sigma, **_):
            seen.append((x.clone(), sigma[0]))
            return torch.zeros_like(x)

        self.inner_model, kept = inner, self.inner_model
        inner.inner_model = kept.inner_model
        return original(self, x, sigma, *args, **kwargs)

    monkeypatch.setattr(comfy.samplers.KSamplerX0Inpaint, "__call__", look)
    mask = torch.ones(4, SIDE, SIDE)
    mask[..., : SIDE // 2] = 0.0
    latent = {"samples": torch.zeros(4, 4, SIDE, SIDE), "noise_mask": mask}
    graph.latents(latent=latent, frames=4, steps=3, noise=Given(NOISE), sampler="euler")
    assert len(seen) == 3
    for x, sigma in seen:
        assert torch.allclose(x[..., : SIDE // 2], (NOISE * sigma)[..., : SIDE // 2], rtol=1e-5)
