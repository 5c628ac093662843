"""Areas, masks and prompts in turns: who sees the reference, whose residuals a row gets, and of which part of the poses."""

import pytest
import torch
from pack.tests.doors.host.graphs import FRAMES, SIDE, Graph, area, during, masked

TOLERANCE = 2e-5  # fp32, other order of sums


@pytest.fixture
def graph(small, run):
    return Graph(small, run)


def half(left: bool):
    """A mask (1, 8, 8) of half the frame."""
    mask = torch.zeros(1, SIDE, SIDE)
    mask[..., : SIDE // 2] = 1.0
    return mask if left else mask.flip(-1)


PLACED = {  # what stands beside a positive entry makes the host copy entries from side to side
    "nothing": lambda text: text,
    "an area": lambda text: area(text, 32, 64, x=32),
    "the whole frame as area": lambda text: area(text, 64, 64),
    "two areas": lambda text: area(text, 32, 64) + area(text, 32, 64, x=32),
    "an area in per cent": lambda text: _percent(text),
    "mask bounds": lambda text: masked(text, half(True), bounds=True),
    "a mask": lambda text: masked(text, half(True)) + masked(text, half(False)),
    "an area beside the whole": lambda text: text + area(text, 32, 32, x=32, y=32),
    "a time range": lambda text: during(text, 0.0, 0.5) + during(text, 0.5, 1.0),
}


def _percent(text):
    import nodes

    return nodes.ConditioningSetAreaPercentage().append(text, 0.5, 1.0, 0.5, 0.0, 1.0)[0]


@pytest.mark.parametrize("placed", PLACED)
def test_unconditional_rows_never_see_the_reference(graph, small, placed):
    positive = PLACED[placed](graph.text(1))
    (a, seen), (b, other) = (graph.predictions(positive, image=small.image(seed)) for seed in (1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(seen, other)


@pytest.mark.parametrize("placed", ["an area", "mask bounds"])
def test_an_area_of_the_negative_prompt_makes_a_positive_twin_that_sees_it(graph, small, placed):
    (a, seen), (b, other) = (
        graph.predictions(graph.text(1), PLACED[placed](graph.text(2)) + graph.text(2), image=small.image(seed))
        for seed in (1, 2)
    )
    assert torch.equal(a, b)
    differs = (seen != other).flatten(2).all(-1).all()  # everywhere
    assert differs


def test_an_area_of_the_whole_frame_is_no_area(graph, relative):
    plain, placed = graph.latents(graph.text(1)), graph.latents(area(graph.text(1), 64, 64))
    assert relative(placed, plain) < TOLERANCE


def test_two_areas_of_one_size_have_residuals_of_their_own(graph, relative):
    """What stands in the right half does not depend on whether there is a left half."""
    left, right = area(graph.text(1), 32, 64), area(graph.text(1), 32, 64, x=32)
    both, alone = graph.predictions(left + right)[1], graph.predictions(right)[1]
    assert relative(both[..., SIDE // 2 :], alone[..., SIDE // 2 :]) < TOLERANCE


@pytest.mark.parametrize("side", [0, 1])
def test_nor_do_two_areas_of_both_prompts_share_residuals(graph, relative, side):
    positive, negative = (
        [area(graph.text(seed), 32, 64, x=x) for seed, x in zip(seeds, (0, 32), strict=True)] for seeds in ((1, 4), (2, 2))
    )
    both, alone = graph.predictions(sum(positive, []), sum(negative, [])), graph.predictions(positive[side], negative[side])
    here = slice(side * SIDE // 2, (side + 1) * SIDE // 2)
    for row in (0, 1):
        assert relative(both[row][..., here], alone[row][..., here]) < TOLERANCE


@pytest.mark.parametrize(("x", "same"), [(0, True), (32, False)])
def test_an_area_sees_its_own_region_of_the_poses(graph, small, x, same):
    poses = small.poses(FRAMES)
    changed = poses.clone()
    changed[:, :, x : x + 32] = small.poses(FRAMES, seed=8)[:, :, x : x + 32]
    right = area(graph.text(1), 32, 64, x=32)
    a, b = (graph.predictions(right, poses=video)[1][..., SIDE // 2 :] for video in (poses, changed))
    assert torch.equal(a, b) == same


def test_an_area_at_another_size_of_poses(graph, small, relative):
    """Poses are brought to the frame's size first, then cut; not to the area's."""
    import comfy.utils

    large = comfy.utils.common_upscale(small.poses(FRAMES).movedim(-1, 1), 128, 128, "nearest-exact", "disabled").movedim(
        1, -1
    )
    right = area(graph.text(1), 32, 64, x=32)
    a, b = (graph.predictions(right, poses=video)[1][..., SIDE // 2 :] for video in (small.poses(FRAMES), large))
    assert relative(b, a) < TOLERANCE


def turns(graph, first: int, second: int, swapped=False):
    entries = [during(graph.text(first), 0.0, 0.5), during(graph.text(second), 0.5, 1.0)]
    return sum(entries[::-1] if swapped else entries, [])


def test_prompts_in_turns_come_in_any_order(graph):
    a, b = (graph.latents(turns(graph, 1, 4, swapped), steps=4) for swapped in (False, True))
    assert torch.equal(a, b)


def test_two_turns_of_one_prompt_are_one_prompt(graph, relative):
    assert relative(graph.latents(turns(graph, 1, 1), steps=4), graph.latents(graph.text(1), steps=4)) < TOLERANCE


@pytest.mark.parametrize("split", [False, True])
def test_prompts_in_turns_cost_no_more(graph, monkeypatch, split):
    if split:
        import comfy.model_base

        monkeypatch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *args, **kwargs: 1e30)
    with graph.counted() as rows:
        graph.latents(turns(graph, 1, 4), steps=4)
    assert rows == {"controlnet": 4 * 8, "encoder": 4}  # padded to 8


def test_a_prompt_that_is_switched_off_steers_nothing(graph, relative):
    """After its turn, the other prompt's residuals are everybody's: as if it had been alone."""
    alone = graph.predictions(graph.text(4))
    late = graph.predictions(during(graph.text(1), 0.9, 1.0) + during(graph.text(4), 0.0, 0.9))
    assert all(relative(a, b) < TOLERANCE for a, b in zip(late, alone, strict=True))


def test_combined_prompts_come_in_any_order(graph, relative):
    """Unconditional rows get the mean of what all positive ones get."""
    both = [graph.text(1), graph.text(4)]
    a, b = (graph.latents(sum(texts, [])) for texts in (both, both[::-1]))
    assert relative(a, b) < TOLERANCE
    assert relative(graph.latents(graph.text(1) + graph.text(1)), graph.latents(graph.text(1))) < TOLERANCE


@pytest.mark.parametrize("left", [True, False])
def test_a_positive_row_has_the_residuals_of_its_own_prompt(graph, relative, left):
    """Of two prompts with masks, each half is as its prompt alone would have it."""
    prompts = {True: masked(graph.text(1), half(True)), False: masked(graph.text(4), half(False))}
    here = slice(0, SIDE // 2) if left else slice(SIDE // 2, SIDE)
    both, alone = graph.predictions(prompts[True] + prompts[False])[1], graph.predictions(prompts[left])[1]
    assert relative(both[..., here], alone[..., here]) < TOLERANCE


def test_equal_prompts_are_read_once(graph):
    with graph.counted() as rows:
        graph.latents(area(graph.text(1), 32, 64) + area(graph.text(1), 32, 64, x=32), steps=1)
    assert rows["encoder"] == 1


def test_memory_that_splits_rows_changes_nothing(graph, relative, monkeypatch):
    import comfy.model_base

    positive = area(graph.text(1), 32, 64) + area(graph.text(4), 32, 64, x=32) + graph.text(5)
    expected = graph.latents(positive)
    monkeypatch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *args, **kwargs: 1e30)
    assert relative(graph.latents(positive), expected) < TOLERANCE


def test_text_for_the_controlnet_is_not_read_by_the_encoder(graph, monkeypatch):
    """`cross_attn_controlnet`: one text for the UNet and the encoder, another for the ControlNet."""
    from pack.magicanimate_core.host import reference

    seen, encode, steering = [], reference.encode_reference, []
    monkeypatch.setattr(reference, "encode_reference", lambda *args: seen.append(args[3]) or encode(*args))
    net = graph.small.control_net.control_model
    hook = net.register_forward_pre_hook(lambda _, args, kwargs: steering.append(kwargs["context"]), with_kwargs=True)
    [[text, options]], [[other, _]] = graph.text(1), graph.text(4)
    graph.latents([[text, options | {"cross_attn_controlnet": other}]], steps=1)
    hook.remove()
    assert len(seen) == 1 and torch.equal(seen[0], text)
    assert all(torch.equal(context, other.expand_as(context)) for context in steering)


@pytest.mark.parametrize("name", ["DualCFGGuider", "PerpNegGuider"])
def test_guiders_with_more_conditionings(graph, small, name):
    """Their numbers of conditionings differ; the positive one is known by its name."""

    def guider(model, positive, negative, cfg):
        from comfy_extras.nodes_custom_sampler import DualCFGGuider
        from comfy_extras.nodes_perpneg import PerpNegGuider

        if name == "DualCFGGuider":
            values = {
                "cond1": positive,
                "cond2": negative,
                "negative": negative,
                "cfg_conds": cfg,
                "cfg_cond2_negative": cfg,
            }
            return DualCFGGuider.execute(model, **values, style="regular")
        values = {"positive": positive, "negative": negative, "empty_conditioning": negative}
        return PerpNegGuider.execute(model, **values, cfg=cfg, neg_scale=1.0)

    a, b = (graph.latents(guider=guider, image=small.image(seed)) for seed in (1, 2))
    assert a.isfinite().all() and not torch.equal(a, b)
