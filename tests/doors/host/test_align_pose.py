"""Align Pose to Photo: what comes in, and what the node gives or says."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from pack.magicanimate_core.media.densepose import BACKGROUND, PART_COLOURS
from pack.tests.doors.table import Case, Refused, cases, passes
from pack.tests.pose import pictures as show
from pack.tests.pose.dancing import SMALL, WHOLE, dance
from pack.tests.pose.figures import two_figures

COLOURS = {tuple(colour) for colour in PART_COLOURS.tolist()}


def images(frames: list | np.ndarray) -> torch.Tensor:
    """(F, H, W, 3) in [0, 1]"""
    return torch.from_numpy(np.stack(list(frames))).float() / 255


CLIP = images(dance(0, 10, WHOLE, 4))
PHOTO = images(dance(0, 31, SMALL, 3)[2:])
NOBODY = (torch.tensor(BACKGROUND) / 255).expand(1, 64, 64, 3)


def with_alpha(frames: torch.Tensor, level: float) -> torch.Tensor:
    return torch.cat([frames, torch.full_like(frames[..., :1], level)], -1)


def large(frames: torch.Tensor) -> torch.Tensor:
    """2176 pixels a side, as high as 4k is."""
    return frames.repeat_interleave(17, 1).repeat_interleave(17, 2)


def wide(frames: torch.Tensor) -> torch.Tensor:
    """With background at both sides."""
    bars = NOBODY[:, :1, :1].expand(len(frames), frames.shape[1], 40, 3)
    return torch.cat([bars, frames, bars], 2)


def two(count: int) -> torch.Tensor:
    return images([PART_COLOURS[two_figures(128, 128)]] * count)


def given(clip: torch.Tensor, photo: torch.Tensor, **options) -> Callable[[], dict]:
    return lambda: {"pose_video": clip, "photo_pose": photo} | options


def aligned(words: str, like: torch.Tensor = CLIP) -> Callable[[tuple], None]:
    """A check: other frames of the same size, in parts' colours alone, a report with these words, a preview."""

    def check(out: tuple) -> None:
        video, report, preview = out
        assert video.shape == like[..., :3].shape and preview.shape == (1, *like.shape[1:3], 3)
        assert words in report and not torch.equal(video, like[..., :3])
        seen = {tuple(colour) for colour in (video[:, ::7, ::7].reshape(-1, 3) * 255).round().byte().tolist()}
        assert seen <= COLOURS

    return check


def alone(words: str, like: torch.Tensor = CLIP) -> Callable[[tuple], None]:
    """A check: the frames as they came, and why."""

    def check(out: tuple) -> None:
        assert torch.equal(out[0], like[..., :3]) and words in out[1] and out[2].shape == (1, *like.shape[1:3], 3)

    return check


ROWS = [
    Case("a dancer and a photo", given(CLIP, PHOTO), aligned("Scale ")),
    Case("one frame", given(CLIP[:1], PHOTO), aligned("Scale ", CLIP[:1])),
    Case("opaque alpha", given(with_alpha(CLIP, 1), with_alpha(PHOTO, 1)), aligned("Scale ")),
    Case("a photo in 4k", given(CLIP, large(PHOTO)), aligned("Scale ")),
    Case("a frame in 4k", given(large(CLIP[:1]), PHOTO), aligned("Scale ", large(CLIP[:1]))),
    Case("a wide photo", given(CLIP, wide(PHOTO)), aligned("Scale ")),
    Case("without proportions", given(CLIP, PHOTO, proportions=False), aligned("proportions is off")),
    Case("itself", given(CLIP, CLIP[:1]), alone("Nothing is changed: the clip fits already")),
    Case("strength 0", given(CLIP, PHOTO, strength=0.0), alone("Nothing is changed: strength is 0")),
    Case("nobody in the photo", given(CLIP, NOBODY), alone("nobody is seen in the photo's pose")),
    Case("nobody in the clip", given(NOBODY, PHOTO), alone("nobody is seen in the pose video", NOBODY)),
    Case("nobody in either", given(NOBODY, NOBODY), alone("nobody is seen", NOBODY)),
    Case("two in the clip, one in the photo", given(two(3), PHOTO), alone("the pose video shows 2 people", two(3))),
    Case("two in both", given(two(3), two(1)), alone("Nothing is changed", two(3))),
    Case("no frames", given(CLIP[:0], PHOTO), Refused("pose_video is empty")),
    Case("no photo", given(CLIP, PHOTO[:0]), Refused("photo_pose is empty")),
    Case("several photos", given(CLIP, PHOTO.repeat(2, 1, 1, 1)), Refused("photo_pose has 2 images; expected one")),
    Case("half transparent", given(with_alpha(CLIP, 0.5), PHOTO), Refused("pose_video has an alpha channel")),
    Case("a photo that shows through", given(CLIP, with_alpha(PHOTO, 0)), Refused("photo_pose has an alpha channel")),
    Case("one channel", given(CLIP[..., :1], PHOTO), Refused("pose_video has 1 channels; expected 3")),
    Case("a mask", given(CLIP, PHOTO[..., 0]), Refused("photo_pose has shape .*expected")),
    Case(
        "no numbers", given(CLIP.clone().fill_(float("nan")), PHOTO), Refused("pose_video holds values that are no numbers")
    ),
    Case("no numbers in the photo", given(CLIP, PHOTO.clone().fill_(float("inf"))), Refused("photo_pose holds values")),
    Case(
        "a grey film", given(images(show.grey()), PHOTO), Refused("^pose_video is not DensePose in MagicAnimate's colours")
    ),
    Case("a photo itself", given(CLIP, images(show.film()[:1])), Refused("^photo_pose is not DensePose")),
    Case(
        "Parula", given(images(show.drawn("parula")), PHOTO), Refused("looks like Parula: let Prepare Pose Video convert it")
    ),
    Case("a photo in BGR", given(CLIP, PHOTO.flip(-1)), Refused("^photo_pose looks like BGR: swap red and blue")),
    Case("a photo as IUV", given(CLIP, images(show.drawn("vui")[:1])), Refused("^photo_pose looks like DensePose IUV")),
    Case("black", given(CLIP, torch.zeros(1, 64, 64, 3)), Refused("photo_pose looks like black frames")),
    Case("too strong", given(CLIP, PHOTO, strength=1.5), Refused("strength is 1.5; expected 0 to 1")),
]


@cases(*ROWS)
def test_what_comes_in(case, run):
    passes(case, lambda: run("MagicAnimateAlignPose", **case.brings()))


@cases(*(row for row in ROWS if row.what in ("Parula", "a grey film", "black")))
def test_a_refusal_names_no_option_that_the_node_lacks(case, run):
    with pytest.raises(ValueError) as refused:
        run("MagicAnimateAlignPose", **case.brings())
    assert "pose_colours" not in str(refused.value)
