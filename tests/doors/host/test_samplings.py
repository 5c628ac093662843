"""Noise and what the UNet predicts: sampling nodes before and after ours, starts in the middle, other attentions."""

import pytest
import torch
from pack.tests.doors.host.graphs import FRAMES, SIDE, Graph, node

TOLERANCE = 2e-5


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


# --- what is predicted ------------------------------------------------------------------------------------------------


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


# --- LCM: few timesteps -----------------------------------------------------------------------------------------------


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


# --- noise on an empty latent -----------------------------------------------------------------------------------------


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

    sigmas = comfy.samplers.calculate_sigmas(sampling_of(small.temporal()), scheduler, 10)[start:]
    x = first_input(graph, monkeypatch, sigmas=sigmas, noise=Given(NOISE))
    assert torch.allclose(x, NOISE * ((1 + sigmas[0] ** 2).sqrt() if start == 0 else sigmas[0]), rtol=1e-4)


def test_add_noise_on_an_empty_latent_is_as_large_as_sigma(small):
    model = small.temporal()
    sigmas = sampling_of(model).sigmas[[500, 1]]
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


# --- attention --------------------------------------------------------------------------------------------------------


def hypertile(model):
    values = {"tile_size": 32, "swap_size": 1, "max_depth": 0, "scale_depth": False}
    return node("comfy_extras.nodes_hypertile", "HyperTile", model=model, **values)


@pytest.mark.parametrize("reference", [True, False])
def test_hypertile(graph, reference):
    latent = {"samples": torch.zeros(4, 4, 16, 16)}
    tiled = graph.latents(after=hypertile, latent=latent, frames=4, reference=reference)
    assert tiled.isfinite().all() and not torch.equal(tiled, graph.latents(latent=latent, frames=4, reference=reference))


def test_hypertile_of_one_tile_changes_nothing(graph):
    def whole(model):
        values = {"tile_size": 2048, "swap_size": 1, "max_depth": 0, "scale_depth": False}
        return node("comfy_extras.nodes_hypertile", "HyperTile", model=model, **values)

    assert torch.equal(graph.latents(after=whole, frames=4), graph.latents(frames=4))


def test_an_attention_chosen_on_the_model_reaches_the_temporal_layers(graph):
    """`optimized_attention_override`, as nodes for other attentions set it: 40 temporal ones in every call of the UNet."""
    seen = []

    def override(function, *args, **kwargs):
        seen.append(args[0].shape[1])
        return function(*args, **kwargs)

    def choose(model):
        model = model.clone()
        model.model_options["transformer_options"]["optimized_attention_override"] = override
        return model

    expected = graph.latents(steps=1)
    assert torch.equal(graph.latents(steps=1, after=choose), expected)
    temporal = sum(1 for length in seen if length == 4)
    spatial = {64, 16, 4, 1}  # 8 x 8 and its halves: only the temporal ones and the third level have four tokens
    assert set(seen) <= spatial and temporal >= 3 * 40


# --- AnimateDiff's motion modules -------------------------------------------------------------------------------------


def motion_file(small, positions):
    """The motion module of these tests with a longer table of positions, as AnimateDiff's v2 and v3 have."""
    from pack.magicanimate_core.method.motion_module import sinusoidal_positions
    from pack.tests.host.small import CHOICES
    from safetensors.torch import save_file

    tensors = torch.load(small.files.folder / CHOICES["temporal_attention"], weights_only=True)["state_dict"]
    name = f"positions_{positions}.safetensors"
    out = {}
    for key, tensor in tensors.items():
        table = sinusoidal_positions(positions, tensor.shape[-1], like=torch.empty(0))[None]
        out[key] = table if key.endswith("pos_encoder.pe") else tensor
    save_file(out, small.files.folder / name)
    return name


@pytest.mark.parametrize(("positions", "joined"), [(24, True), (32, False)])
def test_motion_modules_run_with_the_norms_they_were_trained_with(small, run, positions, joined):
    """With temporal layers that do nothing, frames of a window mix through joined norms only."""
    import comfy.samplers

    model = run("MagicAnimateTemporalUNetLoader", model=small.shared_base, motion_module=motion_file(small, positions))[0]
    motion = model.get_additional_models_with_key("magicanimate.motion_module")[0].model
    assert motion.layout.joins_norms == joined and motion.layout.max_length == positions
    with torch.inference_mode():
        for name, parameter in motion.named_parameters():
            if "proj_out" in name:
                parameter.zero_()

    def sample(noise):
        guider = comfy.samplers.CFGGuider(model)
        guider.set_conds(*small.text)
        guider.set_cfg(1.0)
        with torch.inference_mode():
            sampler, sigmas = comfy.samplers.ksampler("euler"), torch.tensor([5.0, 0.0])
            return guider.sample(noise, torch.zeros_like(noise), sampler, sigmas, disable_pbar=True)

    changed = NOISE.clone()
    changed[3] += 1.0
    assert torch.equal(sample(NOISE)[0], sample(changed)[0]) != joined
