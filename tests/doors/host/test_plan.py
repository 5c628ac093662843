"""What people connect to Preview the Plan: the plan of exactly that, or one sentence; never a model."""

import numpy as np
import pytest
import torch
from pack.tests.doors.host.nodes_inputs import drawn, film, skeleton
from pack.tests.doors.table import Case, Refused, cases, passes

PHOTO = torch.full((1, 48, 32, 3), 0.5)


def opaque(image, alpha=1.0):
    return torch.cat([image, torch.full_like(image[..., :1], alpha)], -1)


def clip(pose_video=None, **options):
    return lambda: {"pose_video": drawn(20) if pose_video is None else pose_video, **options}


def says(*words):
    def look(found):
        picture, report = found
        assert picture.ndim == 4 and picture.shape[0] == 1 and picture.shape[-1] == 3 and picture.dtype == torch.float32
        assert picture.isfinite().all() and 0 <= picture.min() and picture.max() <= 1 and picture.numel() < 10**7
        for line in words:
            assert line in report, report

    return look


LOOK = "Look at this: "
GOOD = [
    Case("a clip", clip(), says("frames: 20, padded to 32", "size: 16 x 16", "windows: 3 of 16", "75 in 25 steps")),
    Case("a clip and a photo", clip(reference_image=PHOTO), says("reference_image is 32 x 48", "33% of it is cut off")),
    Case("one frame", clip(drawn(1)), says("frames: 1, padded to 16", f"{LOOK}The pose video has one frame")),
    Case("one frame, as in the paper", clip(drawn(1), context_schedule="paper"), says("frames: 1, no padding")),
    Case("one frame of the host's windows", clip(drawn(1), context_schedule="standard_static"), says("windows: 1 of 1 ")),
    Case("exactly a window", clip(drawn(16)), says("frames: 16, no padding", "windows: 1 of 16")),
    Case("a frame more than a window", clip(drawn(17)), says("padded to 32", "15 of the 32 frames are padding")),
    Case("a long clip", clip(drawn(3000, 8)), says("frames: 3000, padded to 3008", "windows: 251 of 16")),
    Case("windows of one frame", clip(context_length=1, context_overlap=0), says("windows: 20 of 1 ", "No frame is shared")),
    Case("windows of all frames", clip(context_length=128, context_overlap=127), says("knows positions for 24 frames")),
    Case("a ring of single steps", clip(context_overlap=15), says("windows: 32 of 16", "15 of them over the end")),
    Case("opaque alpha", clip(opaque(drawn(20)), reference_image=opaque(PHOTO)), says("frames: 20")),
    Case("half precision", clip(drawn(20).half(), reference_image=PHOTO.half()), says("frames: 20")),
    Case("no multiple of 8", clip(drawn(2, 21)), says("size: 24 x 24")),
    Case("a pixel", clip(drawn(2, 1)), says("size: 8 x 8", "far less than the 512 x 512")),
    Case("the largest size", clip(drawn(2), width=16384, height=16384), says("16384 x 16384 is far more")),
    Case("as long as a street", clip(drawn(2), width=16384, height=8), says("size: 16384 x 8", "cut off")),
    Case("a large photo", clip(reference_image=torch.rand(1, 2160, 3840, 3)), says("reference_image is 3840 x 2160")),
    Case("borders", clip(reference_image=PHOTO, fit="pad"), says("33% of the frame is border")),
    Case("a squeeze", clip(reference_image=PHOTO, fit="stretch"), says("squeezed by a factor of 1.5")),
    Case("a film", clip(film()), says("Animate refuses the clip: pose_video is not DensePose")),
    Case("a skeleton", clip(skeleton()), says("Animate refuses the clip: pose_video looks like an OpenPose skeleton")),
    Case("numbers that are none", clip(torch.full((2, 16, 16, 3), np.nan)), says("values that are no numbers")),
    Case("values beyond the range", clip(drawn(20) * 3 - 1), says("frames: 20")),
    Case("no guidance", clip(cfg=1.0), says("one half (cfg 1)")),
    Case("no shared noise", clip(shared_noise=False), says("noise: every frame its own; the padding has that of the first")),
    Case("one step", clip(steps=1), says("3 in 1 step ")),
    Case("several windows at once", clip(windows_per_batch=2), says("frames per call: 32", "UNet: 2 per step")),
    Case("windows that move", clip(context_schedule="standard_uniform"), says("at the first step: they move")),
]
BAD = [
    Case("no frame", clip(torch.zeros(0, 16, 16, 3)), Refused("pose_video is empty .*connect at least one image")),
    Case("no pixel", clip(torch.zeros(2, 0, 16, 3)), Refused("pose_video is empty")),
    Case("grey", clip(torch.zeros(2, 16, 16, 1)), Refused("pose_video has 1 channels; expected 3")),
    Case("no batch", clip(torch.zeros(16, 16, 3)), Refused(r"pose_video has shape .*expected \(frames, height, width, 3\)")),
    Case("a veil", clip(opaque(drawn(20), 0.5)), Refused("pose_video has an alpha channel")),
    Case("two photos", clip(reference_image=PHOTO.repeat(2, 1, 1, 1)), Refused("reference_image is a batch of 2 images")),
    Case("no photo", clip(reference_image=PHOTO[:0]), Refused("reference_image is empty")),
    Case("a photo that shows through", clip(reference_image=opaque(PHOTO, 0.9)), Refused("reference_image has an alpha")),
    Case("a photo of nan", clip(reference_image=PHOTO * np.nan), Refused("reference_image holds values that are no")),
    Case("an overlap as long as the window", clip(context_overlap=16), Refused("context_overlap is 16 but must lie in")),
    Case("a size between", clip(width=60), Refused("width is 60; expected a multiple of 8")),
    Case("a schedule that nobody knows", clip(context_schedule="ring"), Refused("context_schedule is ring")),
    Case("a loop that is one", clip(closed_loop=True), Refused("closed_loop has no effect on official windows")),
    Case("no steps", clip(steps=0), Refused("steps is 0; expected 1 to")),
]  # fmt: skip


@cases(*GOOD, *BAD)
def test_the_plan_of_what_is_there(case, run):
    passes(case, lambda: run("MagicAnimatePlan", **case.brings()))


@pytest.mark.parametrize("name", ["official", "paper", "standard_static", "batched", "standard_uniform", "looped_uniform"])
@pytest.mark.parametrize("frames", [1, 2, 15, 16, 17, 33])
def test_any_length_under_any_schedule(run, name, frames):
    says(f"frames: {frames}", f"{name}, overlap 4")(
        run("MagicAnimatePlan", pose_video=drawn(frames), context_schedule=name, steps=3)
    )
