"""Poses are prepared once per run, to the numbers that every call would prepare; pinned memory is given back."""

import pytest
import torch

FRAMES = [[0, 1, 2, 3], [4, 5, 6, 7], [6, 7, 0, 1], [6, 7, 8, 9], [5, 3, 1, 7, 7], [2, 2], [9]]  # the clip has 8


@pytest.fixture
def hints(small):
    from pack.magicanimate_core.host.pose_hints import PoseHints

    def make(size, dtype):
        return PoseHints(small.poses(8).movedim(-1, 1), size, dtype, lambda hint: hint)

    return make


@pytest.mark.parametrize("size", [(64, 64), (32, 64), (96, 80)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("room", [True, False])
def test_prepared_once_is_what_each_call_would_prepare(hints, small, monkeypatch, size, dtype, room):
    import comfy.model_management as mm
    from comfy.utils import common_upscale

    if not room:
        monkeypatch.setattr(mm, "get_free_memory", lambda *args: 0)
    made = hints(size, dtype)
    for frames in FRAMES:
        poses = small.poses(8).movedim(-1, 1)[[min(frame, 7) for frame in frames]]
        expected = common_upscale(poses, size[1], size[0], "nearest-exact", "center").to(dtype)
        got = made.of(frames, torch.device("cpu"))
        assert torch.equal(got, expected) and got.dtype == dtype
    assert (made.ready is not None) == (room or (size == (64, 64) and dtype == torch.float32))


def test_poses_that_fit_are_not_copied(hints):
    made = hints((64, 64), torch.float32)
    made.of([0], torch.device("cpu"))
    assert made.ready is made.poses and made.pinned is None


@pytest.mark.parametrize("fails", [False, True])
def test_pinned_memory_is_given_back(small, monkeypatch, fails):
    import comfy.model_management as mm
    from pack.magicanimate_core.host import reference
    from pack.tests.doors.host.pieces import composed, windowed

    if not hasattr(mm, "pin_memory"):
        pytest.skip("this host pins nothing")
    pinned = {}
    monkeypatch.setattr(mm, "pin_memory", lambda t: pinned.setdefault(t.data_ptr(), t.is_contiguous()))
    monkeypatch.setattr(mm, "unpin_memory", lambda t: back.append(pinned.pop(t.data_ptr())))
    back = []
    model = windowed(small, small.temporal())
    if fails:
        monkeypatch.setattr(reference, "hybrid_attention", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            composed(small, model, side=32)  # poses of another size than the net's
    else:
        composed(small, model, side=32)
    assert not pinned and back == [True]
