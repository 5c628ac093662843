"""Nothing outlives a run: not on the model, not in the next prompt, not after a cancel or an error."""

import pytest
import torch
from pack.tests.host.small import EIGHTS


def hooks_on(module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in module.modules())


def plain_latents(model, small, frames=2):
    """Text-to-image with the host's KSampler."""
    import nodes

    with torch.inference_mode():
        latent = {"samples": torch.zeros(frames, 4, 8, 8)}
        return nodes.KSampler().sample(model, 1, 2, 7.0, "euler", "normal", *small.text, latent)[0]["samples"]


def test_two_prompts_after_one_another(small):
    first = small.expected(10, **EIGHTS)
    assert not torch.equal(small.animate(10, **EIGHTS, reference_image=small.image(8), pose_video=small.poses(10, 9)), first)
    assert torch.equal(small.animate(10, **EIGHTS), first)


def test_unpatched_model_is_as_fresh(small):
    used, fresh = small.base(), small.base()
    small.animate(10, **EIGHTS, model=small.temporal(used))
    assert torch.equal(plain_latents(used, small), plain_latents(fresh, small))
    assert hooks_on(used.model) == 0


def test_two_users_of_the_same_weights(small):
    """A text-to-image graph and an animation in one prompt, in turns."""
    still, moving = plain_latents(small.shared_base, small), small.animate(8, **EIGHTS)
    assert torch.equal(plain_latents(small.shared_base, small), still)
    assert torch.equal(small.animate(8, **EIGHTS), moving)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_cancel_between_windows_leaves_the_model_clean(small, after):
    import comfy.model_management as mm

    expected, calls = small.expected(10, **EIGHTS), []

    def cancel(*_):
        calls.append(1)
        if len(calls) > after:
            mm.interrupt_current_processing()

    handle = small.control_net.control_model.register_forward_pre_hook(cancel)
    with pytest.raises(mm.InterruptProcessingException):
        small.animate(10, **EIGHTS)
    assert len(calls) == after + 1  # the window that runs may end, no other begins
    handle.remove()
    mm.interrupt_current_processing(False)
    for model in (small.shared_base.model, small.encoder.model, small.control_net.control_model):
        assert hooks_on(model) == 0
    assert torch.equal(small.animate(10, **EIGHTS), expected)


def test_error_inside_leaves_the_model_clean(small, monkeypatch):
    from pack.magicanimate_core.host import reference

    expected = small.expected(8, **EIGHTS)

    def fail(*args):
        raise RuntimeError("out of something")

    monkeypatch.setattr(reference, "hybrid_attention", fail)
    with pytest.raises(RuntimeError, match="out of something"):
        small.animate(8, **EIGHTS)
    monkeypatch.undo()
    assert hooks_on(small.shared_base.model) == 0
    assert torch.equal(small.animate(8, **EIGHTS), expected)


def test_nothing_is_kept_after_a_run(small):
    import gc
    import weakref

    from pack.magicanimate_core.host import run as run_module

    runs = []
    original = run_module.Run.__init__

    def remember(self, *args, **kwargs):
        original(self, *args, **kwargs)
        runs.append(weakref.ref(self))

    run_module.Run.__init__ = remember
    try:
        small.animate(8, **EIGHTS)
    finally:
        run_module.Run.__init__ = original
    gc.collect()
    assert runs and all(reference() is None for reference in runs)


def test_patching_twice_is_patching_once(small, run, relative):
    model = small.temporal(small.temporal())
    for wrappers in model.wrappers.values():
        for registered in wrappers.values():
            assert len(registered) == len(set(registered))
    assert torch.equal(small.animate(10, **EIGHTS, model=model), small.expected(10, **EIGHTS))


def test_progress_and_previews(small, monkeypatch):
    """Every window moves the progress bar, every step brings a picture."""
    import comfy.cli_args
    import comfy.utils
    import latent_preview

    seen = []
    monkeypatch.setattr(comfy.cli_args.args, "preview_method", latent_preview.LatentPreviewMethod.Latent2RGB)
    monkeypatch.setattr(
        comfy.utils, "PROGRESS_BAR_HOOK", lambda value, total, preview, **_: seen.append((value, total, preview))
    )
    small.animate(10, **EIGHTS, steps=3)
    bar = [entry for entry in seen if entry[1] > 1 and entry[1] % 3 == 0]  # others are those of loading and of the VAE
    total = bar[-1][1]
    assert [value for value, _, preview in bar if preview] == [total // 3, total * 2 // 3, total] and total > 3


def test_what_grows_with_the_clip_is_a_dozen_latents(small):
    """The sampler's own, guidance, and the windows' sums: 64 KiB a frame each at 512 x 512, where a window takes GiBs."""
    from pack.tests.doors.host import pieces

    from benchmarks.memory import LiveTensors

    frames, latent = 64, 4 * 8 * 8 * 4  # bytes of a frame
    guider = pieces.cfg(small, pieces.formula(small))
    empty = {"samples": torch.zeros(frames, 4, 8, 8)}
    with torch.inference_mode(), LiveTensors(frames) as tensors:
        pieces.sampled(small, guider, "ddim", latent=empty)
    assert tensors.peak["clip"] <= 12 * frames * latent


def test_memory_is_asked_for_one_window_and_the_clips_latents(small):
    from pack.magicanimate_core.host.long_clip import _estimate_one_window
    from pack.tests.doors.host import pieces

    def rows(frames: int, positive: list | None = None, **options):
        model = pieces.windowed(small, small.shared_base, **{"context_length": 16, "context_overlap": 4, **options})
        conds = {"positive": [options for _, options in positive or []]}
        return _estimate_one_window(lambda model, shape, conds: shape, model, [frames, 4, 8, 8], conds)[0]

    assert [rows(frames) for frames in (5, 16, 100, 2000)] == [5, 16, 16, 26]
    assert rows(100, windows_per_batch=2) == 32
    assert rows(5, context_schedule="paper") == 16  # whose only window begins with the first frames again

    text = small.text[0]
    for sets, more in ((1, 1), (2, 2)):  # residuals of 8 frames for each wait near, which is 8 and 16 of 12 in a row
        text = small.run(
            "MagicAnimateApplyPose", positive=text, negative=[], control_net=small.control_net, pose_video=small.poses(5)
        )[0]
        assert rows(100, text) == 16 + more, sets
    assert rows(100, text, context_overlap=0) == 16  # nothing is shared
