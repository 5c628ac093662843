"""Attention that other nodes choose or cut into tiles, and motion modules that were made for other norms."""

import pytest
import torch
from pack.magicanimate_core.testing.tiny import SHAPE
from pack.magicanimate_core.weights.architecture import temporal_widths
from pack.tests.doors.host.graphs import Graph, node


@pytest.fixture
def graph(small, run):
    return Graph(small, run)


NOISE = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(0))


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
    """`optimized_attention_override`, as nodes for other attentions set it, in windows as long as no row of tokens is."""
    seen = []

    def override(function, *args, **kwargs):
        seen.append(args[0].shape[1])
        return function(*args, **kwargs)

    def choose(model):
        model = model.clone()
        model.model_options["transformer_options"]["optimized_attention_override"] = override
        return model

    options = {"steps": 1, "context_length": 3}  # padded to 6 frames: three windows
    assert torch.equal(graph.latents(after=choose, **options), graph.latents(**options))
    spatial = {64, 16, 4, 1}  # 8 x 8 and its halves
    assert set(seen) == spatial | {3} and seen.count(3) == 3 * 2 * len(temporal_widths(SHAPE))


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
