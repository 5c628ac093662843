"""Whatever hangs on frames follows the windows, and padding repeats the last frame of all of it."""

import pytest
import torch
from pack.tests.doors.host.graphs import FRAMES, PADDED, SIDE, Graph, hinted, masked, node

TOLERANCE = 2e-5  # fp32, other order of sums


@pytest.fixture
def graph(small, run):
    return Graph(small, run)


def clip(*shape, seed=11):
    """(F, ...) in [0, 1]"""
    return torch.rand(FRAMES, *shape, generator=torch.Generator().manual_seed(seed))


def last_repeated(tensor):
    return tensor[torch.arange(PADDED).clamp(max=FRAMES - 1)]


# --- padding: five frames are padded to eight -------------------------------------------------------------------------


def prompts(graph, pad):
    [[text, _]] = graph.text(1, FRAMES)
    return {"positive": [[pad(text), {}]]}


def negative_prompts(graph, pad):
    [[text, _]] = graph.text(2, FRAMES)
    return {"negative": [[pad(text), {}]]}


def masks_of_prompts(graph, pad):
    return {"positive": masked(graph.text(1), pad(clip(SIDE, SIDE).round())) + graph.text(4)}


def noise_mask(graph, pad):
    samples = pad(clip(4, SIDE, SIDE))
    return {"latent": {"samples": samples, "noise_mask": pad(clip(SIDE, SIDE)).round()}, "sigmas": None}


def latents(graph, pad):
    return {"latent": {"samples": pad(clip(4, SIDE, SIDE))}}


def hints(graph, pad):
    return {"controls": hinted(graph.small, pad(clip(64, 64, 3))), "posed": False}


def hints_before_poses(graph, pad):
    return {"controls": hinted(graph.small, pad(clip(64, 64, 3)))}


def a_hint_for_all(graph, pad):
    return {"controls": hinted(graph.small, clip(64, 64, 3)[:1]), "posed": False}


def two_prompts_by_turns(graph, pad):
    """The host begins again where there are fewer prompts than frames; the padding shows the last frame's."""
    [[two, _]] = graph.text(1, 2)
    every = two[[0, 1, 0, 1, 0]]
    return {"positive": [[two if pad(every) is every else pad(every), {}]]}


def more_hints_than_frames(graph, pad):
    more = torch.cat([clip(64, 64, 3), clip(64, 64, 3, seed=12)])
    used = more[:FRAMES]
    return {"controls": hinted(graph.small, more if pad(used) is used else pad(used)), "posed": False}


PER_FRAME = [
    prompts, two_prompts_by_turns, negative_prompts, masks_of_prompts, noise_mask, latents, hints, more_hints_than_frames,
    hints_before_poses, a_hint_for_all,
]  # fmt: skip


@pytest.mark.parametrize("brought", PER_FRAME)
def test_padding_repeats_the_last_frame(graph, relative, brought):
    """As if the user had repeated the last frame of everything."""
    ours = graph.latents(**brought(graph, lambda tensor: tensor), steps=1)
    by_hand = brought(graph, last_repeated)
    poses = last_repeated(graph.small.poses(FRAMES))
    theirs = graph.latents(frames=PADDED, poses=poses, **by_hand, steps=1)
    assert ours.shape[0] == FRAMES
    assert relative(ours, theirs[:FRAMES]) < TOLERANCE


@pytest.mark.parametrize("through", ["composed", "Animate"])
def test_guidance_per_frame_ends_where_it_should(graph, small, relative, through):
    """VideoLinearCFGGuidance rises to the full scale at the clip's last frame, and stays there in the padding."""

    def linear(model):
        return node("comfy_extras.nodes_video_model", "VideoLinearCFGGuidance", model=model, min_cfg=1.0)

    def by_hand(model):
        scale = last_repeated(torch.linspace(1.0, 7.5, FRAMES)).reshape(-1, 1, 1, 1)
        model = model.clone()
        model.set_model_sampler_cfg_function(lambda args: args["uncond"] + scale * (args["cond"] - args["uncond"]))
        return model

    poses = small.poses(FRAMES)
    expected = graph.latents(frames=PADDED, poses=last_repeated(poses), after=by_hand)[:FRAMES]
    if through == "composed":
        ours = graph.latents(after=linear)
    else:
        text = {"positive": graph.text(1), "negative": graph.text(2)}
        windows = {"context_length": 4, "context_overlap": 1}
        ours = small.animate(FRAMES, model=linear(small.temporal()), **text, **windows)
    assert relative(ours, expected) < TOLERANCE


def test_prompts_per_frame_through_animate(graph, small, relative):
    """Animate pads by itself; the result is that of the composed graph."""
    [[text, _]] = graph.text(1, FRAMES)
    windows = {"context_length": 4, "context_overlap": 1}
    ours = small.animate(FRAMES, positive=[[text, {}]], negative=graph.text(2), **windows)
    assert relative(ours, graph.latents([[text, {}]])) == 0


def test_inpaint_latents_are_padded_not_stretched():
    from pack.magicanimate_core.host.padding import pad_conditionings

    picture, mask, text = clip(4, SIDE, SIDE), clip(1, SIDE, SIDE), torch.rand(1, 77, 48)
    entry = {"concat_latent_image": picture, "concat_mask": mask, "cross_attn": text, "strength": 1.0, "area": (1, 2, 3, 4)}
    padded = pad_conditionings({"positive": [entry], "middle": None}, FRAMES, PADDED)["positive"][0]
    assert torch.equal(padded["concat_latent_image"], last_repeated(picture))
    assert torch.equal(padded["concat_mask"], last_repeated(mask))
    assert padded["cross_attn"] is text and padded["area"] == (1, 2, 3, 4)


# --- windows: hints of other ControlNets ------------------------------------------------------------------------------


def still(graph, **changes):
    """A model of single frames, so that what one frame gets shows in that frame only."""
    alone = {"context_length": 1, "context_overlap": 0} | changes.pop("windows", {})
    model = graph.model(temporal=False, reference=False, **alone)

    def sample(model):
        import comfy.samplers

        positive, negative = hinted(graph.small, changes["hints"])(graph.text(1), graph.text(2))
        guider = comfy.samplers.CFGGuider(model)
        guider.set_conds(positive, negative)
        guider.set_cfg(7.5)
        noise = torch.randn(FRAMES, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
        sigmas = torch.tensor([5.0, 1.0, 0.0])
        with torch.inference_mode():
            sampler = comfy.samplers.ksampler("euler")
            return guider.sample(noise, torch.zeros_like(noise), sampler, sigmas, disable_pbar=True)

    return sample(model), sample(graph.small.shared_base)


@pytest.mark.parametrize("windows", [{}, {"context_length": 2, "context_overlap": 1}, {"windows_per_batch": 3}])
def test_every_window_has_its_own_hints(graph, relative, windows):
    """Frames that are not mixed are what they are without windows."""
    ours, whole = still(graph, hints=clip(64, 64, 3), windows={"context_schedule": "standard_static"} | windows)
    assert relative(ours, whole) < TOLERANCE


def test_hints_are_whole_again_after_the_run(graph, small):
    control = small.control_net
    with torch.inference_mode():
        import nodes

        positive, _ = nodes.ControlNetApplyAdvanced().apply_controlnet(
            graph.text(1), graph.text(2), control, clip(64, 64, 3), 1.0, 0.0, 1.0
        )
    applied = positive[0][1]["control"]
    before = applied.cond_hint_original
    graph.latents(positive, graph.text(2), posed=False)
    assert applied.cond_hint_original is before and applied.cond_hint is None


def test_too_few_hints_are_refused(graph):
    with pytest.raises(ValueError, match="ControlNet has 3 hint images but the latent has 5 frames: give it one per frame"):
        graph.latents(controls=hinted(graph.small, clip(64, 64, 3)[:3]), posed=False)


@pytest.mark.parametrize(("knows", "frames", "refused"), [(False, 5, True), (False, 4, False), (True, 5, False)])
def test_a_controlnet_of_another_pack_knows_windows_or_is_refused(graph, knows, frames, refused):
    """Alone in its window it sees the whole clip; with `sub_idxs` it looks for the frames itself."""
    import comfy.controlnet

    class Other(comfy.controlnet.ControlBase):
        def get_control(self, x_noisy, t, cond, batched_number, transformer_options):
            return None

    control = Other()
    control.set_cond_hint(torch.rand(frames, 3, 64, 64))
    if knows:
        control.sub_idxs = None
    positive = [[graph.text(1)[0][0], {"control": control, "control_apply_to_uncond": False}]]
    if not refused:
        graph.latents(positive, frames=frames, posed=False, steps=1)
        return
    with pytest.raises(ValueError, match="ControlNet Other has 5 hint images, and does not say how windows"):
        graph.latents(positive, frames=frames, posed=False, steps=1)


def test_nodes_of_other_packs_are_told_the_window(graph):
    """`ad_params`, by which IP-Adapter and Advanced-ControlNet pick their frames."""
    seen = []

    def look(model):
        model = model.clone()
        model.set_model_attn2_patch(lambda q, k, v, options: seen.append(options["ad_params"]) or (q, k, v))
        return model

    graph.latents(after=look, steps=1)
    frames = {tuple(params["sub_idxs"]) for params in seen}
    assert frames == {(0, 1, 2, 3), (3, 4, 5, 6), (6, 7, 0, 1)}
    assert {(params["full_length"], params["context_length"]) for params in seen} == {(PADDED, 4)}


# --- what remembers a single call -------------------------------------------------------------------------------------


def easycache(model):
    values = {"reuse_threshold": 0.2, "start_percent": 0.15, "end_percent": 0.95, "verbose": False}
    return node("comfy_extras.nodes_easycache", "EasyCacheNode", model=model, **values)


def lazycache(model):
    values = {"reuse_threshold": 0.2, "start_percent": 0.15, "end_percent": 0.95, "verbose": False}
    return node("comfy_extras.nodes_easycache", "LazyCacheNode", model=model, **values)


def attention_guidance(model):
    return node("comfy_extras.nodes_sag", "SelfAttentionGuidance", model=model, scale=0.5, blur_sigma=2.0)


@pytest.mark.parametrize(("patch", "words"), [(easycache, "use LazyCache"), (attention_guidance, "Self-Attention Guidance")])
def test_what_remembers_one_call_is_refused_over_several_windows(graph, patch, words):
    with pytest.raises(ValueError, match=words):
        graph.latents(after=patch)


@pytest.mark.parametrize("patch", [easycache, attention_guidance])
def test_and_works_in_one_window(graph, patch):
    wide = {"samples": torch.zeros(4, 4, 16, 16)}  # the attention map that guides is of an eighth of the size
    assert graph.latents(after=patch, frames=4, steps=3, latent=wide).isfinite().all()


def test_lazycache_works_over_several_windows(graph):
    assert graph.latents(after=lazycache, steps=3).isfinite().all()
