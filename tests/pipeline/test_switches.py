"""The rows of the paper's Table 2 that are options: each does what it says, and as published it changes no bit."""

from dataclasses import replace

import pytest
import torch
from pack.magicanimate_core.method.windows import SCHEDULES
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.conditions import PoseImages
from pack.magicanimate_core.pipeline.denoise import ONE_WORKER, Workers, initial_noise, predict, predict_windows

FRAMES, CHANGED = 32, 5
SINGLE = Settings(temporal_attention=False)


@pytest.fixture
def latents():
    return torch.randn(FRAMES, 4, 8, 8, generator=torch.Generator().manual_seed(2))


def unlike(one: torch.Tensor, other: torch.Tensor) -> list[int]:
    """Which frames (F, ...) of the two are not the same to the last bit."""
    return [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if not torch.equal(a, b)]


def test_without_temporal_attention_frames_know_nothing_of_one_another(nets, conditions, latents):
    """Neither its latent nor its pose reaches another frame: not through temporal blocks, not through norms."""
    images = conditions.poses.images.clone()
    images[CHANGED] = 1 - images[CHANGED]
    moved = latents.clone()
    moved[CHANGED] += 1
    for settings, reached in ((SINGLE, [CHANGED]), (Settings(), list(range(16)))):
        plain = predict(nets, conditions, latents, 501, settings, ONE_WORKER)
        for given, z in ((replace(conditions, poses=PoseImages(images)), latents), (conditions, moved)):
            assert unlike(predict(nets, given, z, 501, settings, ONE_WORKER), plain)[: len(reached)] == reached


def test_a_single_frame_is_what_a_window_of_one_frame_is(nets, conditions, latents, relative):
    whole = predict(nets, conditions, latents, 501, SINGLE, ONE_WORKER)
    alone = predict(nets, conditions, latents, 501, replace(SINGLE, context_length=1, context_overlap=0), ONE_WORKER)
    assert relative(whole, alone) < 1e-5
    blocks = Settings(context_length=1, context_overlap=0)  # temporal blocks of one frame still do something
    assert relative(predict(nets, conditions, latents, 501, blocks, ONE_WORKER), alone) > 1e-3


@pytest.mark.parametrize(("schedule", "frames"), [("official", FRAMES), ("paper", FRAMES), ("paper", 3)])
@pytest.mark.parametrize("count", [1, 3])
def test_not_fused_every_frame_is_that_of_one_window(nets, conditions, latents, schedule, frames, count):
    """To the last bit; also where processes share the windows, and where a window holds a frame twice."""
    settings, total = Settings(cfg=1.0, fuse_method="none", context_schedule=schedule), []
    windows = SCHEDULES[schedule].windows(frames, 16, 4)
    with torch.inference_mode():
        made = list(predict_windows(nets, conditions, latents[:frames], 501, settings, windows=windows, halves=1))
    for rank in range(count):
        workers = Workers(rank=rank, count=count, reduce=lambda sums: total.append(sums.clone()))
        predict(nets, conditions, latents[:frames], 501, settings, workers)
    sums = sum(total)
    assert torch.equal(sums[:, -1], torch.ones(frames, dtype=torch.float64))  # one window, once
    for frame in range(frames):
        window, outputs = next(pair for pair in made if frame in pair[0])
        assert torch.equal(sums[frame, :-1].float(), outputs[0, window.index(frame)].flatten())


@pytest.mark.parametrize("frames", [17, 32, 40])
def test_without_shared_noise_no_two_segments_start_alike(frames):
    windows = SCHEDULES["official"].windows(-(-frames // 16) * 16, 16, 4)
    shared, own = (initial_noise(Settings(seed=1, shared_noise=how), frames, 8, 8) for how in (True, False))
    segments = [own[window] for window in windows]
    assert not any(torch.equal(a, b) for i, a in enumerate(segments) for b in segments[:i])
    assert len({frame.numpy().tobytes() for frame in own[:frames]}) == frames
    assert len({frame.numpy().tobytes() for frame in shared}) == 16


def test_as_published_no_bit_changes(nets, conditions, latents):
    published = Settings(temporal_attention=True, fuse_method="flat", shared_noise=True)
    assert published == Settings()
    expected = predict(nets, conditions, latents, 501, Settings(), ONE_WORKER)
    for changes in ({"temporal_attention": False}, {"fuse_method": "none"}):
        other = predict(nets, conditions, latents, 501, replace(published, **changes), ONE_WORKER)
        assert not torch.equal(other, expected)
    assert torch.equal(predict(nets, conditions, latents, 501, published, ONE_WORKER), expected)  # nothing stays on the nets
