"""Prepare Pose Video: what comes in, and what the node gives or says."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from pack.magicanimate_core.media.densepose import paint
from pack.tests.doors.table import Case, Refused, cases, passes
from pack.tests.pose import pictures as show


def clip(name: str, alpha: float | None = None) -> torch.Tensor:
    """The drawn dancer in a form, (F, H, W, 3) in [0, 1]."""
    frames = torch.from_numpy(np.ascontiguousarray(show.drawn(name))).float() / 255
    return frames if alpha is None else torch.cat([frames, torch.full_like(frames[..., :1], alpha)], -1)


def right(out: tuple) -> None:
    """The poses are exactly the dancer's; the report and the preview are there."""
    poses, report, preview = out
    assert torch.equal(poses, torch.from_numpy(paint(show.dancer())).float() / 255)
    assert "confidence 100%" in report and preview.shape[0] == 1 and preview.shape[1] == 2 * 192


def broken() -> torch.Tensor:
    return torch.full((2, 16, 16, 3), float("nan"))


def given(**inputs) -> Callable[[], dict]:
    return lambda: {name: value() if callable(value) else value for name, value in inputs.items()}


ROWS = [
    Case("our own", given(pose_video=partial(clip, "viridis")), right),
    Case("Parula on black", given(pose_video=partial(clip, "parula_black")), right),
    Case("over grey", given(pose_video=partial(clip, "parula_grey")), right),
    Case("IUV", given(pose_video=partial(clip, "vui")), right),
    Case("opaque alpha", given(pose_video=partial(clip, "viridis", 1.0)), right),
    Case("by name", given(pose_video=partial(clip, "inferno_bgr"), form="inferno_bgr"), right),
    Case("half transparent", given(pose_video=partial(clip, "viridis", 0.5)), Refused("pose_video has an alpha channel")),
    Case("no frames", given(pose_video=lambda: torch.zeros(0, 8, 8, 3)), Refused("pose_video is empty")),
    Case("one channel", given(pose_video=lambda: torch.zeros(2, 8, 8, 1)), Refused("1 channels; expected 3")),
    Case("no numbers", given(pose_video=broken), Refused("nan or inf")),
    Case("black", given(pose_video=lambda: torch.zeros(2, 8, 8, 3)), Refused("black frames, in which nobody was found")),
    Case(
        "a wrong form", given(pose_video=partial(clip, "viridis"), form="jet"), Refused("form is jet; expected one of auto")
    ),
    Case("too steady", given(pose_video=partial(clip, "viridis"), steady=1.5), Refused("steady is 1.5; expected 0 to 1")),
]


@cases(*ROWS)
def test_what_comes_in(case, run):
    passes(case, lambda: run("MagicAnimatePreparePose", **{"steady": 0.0} | case.brings()))


def test_off_is_the_identity(run):
    poses = torch.rand(3, 24, 24, 3) * 0.05 + torch.tensor(paint(np.uint8(2))) / 255  # no 8 bit levels
    out = run("MagicAnimatePreparePose", pose_video=poses, form="viridis", snap=False, steady=0.0)[0]
    assert torch.equal(out, poses)


def test_it_stops_when_the_host_says_so(run):
    from comfy import model_management as mm

    mm.interrupt_current_processing()
    with pytest.raises(mm.InterruptProcessingException):
        run("MagicAnimatePreparePose", pose_video=clip("viridis"))


def test_options_are_checked_before_the_video_is_made(nodes):
    assert nodes["MagicAnimatePreparePose"].check_lazy_status(pose_video=None, form="auto", steady=0.5) == ["pose_video"]
    with pytest.raises(ValueError, match="form is jet"):
        nodes["MagicAnimatePreparePose"].check_lazy_status(pose_video=None, form="jet")
