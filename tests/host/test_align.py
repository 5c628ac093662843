"""Align Pose to Photo as a node: what it gives back, and what it refuses."""

import asyncio

import pytest
import torch
from pack.magicanimate_core.media.densepose import BACKGROUND
from pack.tests.pose.dancing import SMALL, WHOLE, dance


def images(frames: list) -> torch.Tensor:
    """(F, H, W, 3)"""
    return torch.stack([torch.from_numpy(frame) for frame in frames]).float() / 255


@pytest.fixture(scope="module")
def node():
    from pack.nodes import align

    return align.AlignPose


CLIP = images(dance(0, 10, WHOLE, 4))
PHOTO = images(dance(0, 31, SMALL, 3)[2:])


def test_names_are_those_of_the_contract(node):
    declared = node.define_schema()
    assert declared.node_id == "MagicAnimateAlignPose" and declared.display_name == "Align Pose to Photo"
    assert [(socket.id, getattr(socket, "default", None)) for socket in declared.inputs] == [
        ("pose_video", None), ("photo_pose", None), ("strength", 1.0), ("proportions", True),
    ]  # fmt: skip
    assert [socket.display_name for socket in declared.outputs] == ["pose_video", "report", "preview"]


def test_it_is_among_the_nodes(node):
    from pack.nodes import MagicAnimateExtension

    assert node in asyncio.run(MagicAnimateExtension.get_node_list(None))


def test_a_clip_is_aligned(node):
    video, report, preview = node.execute(CLIP, PHOTO).args
    assert video.shape == CLIP.shape and preview.shape == PHOTO.shape and "Scale" in report
    assert not torch.equal(video, CLIP) and video.min() >= 0 and video.max() <= 1


def test_strength_0_is_the_identity(node):
    assert torch.equal(node.execute(CLIP, PHOTO, strength=0.0).args[0], CLIP)


@pytest.mark.parametrize(
    ("clip", "photo", "words"),
    [
        (CLIP, PHOTO.repeat(2, 1, 1, 1), "photo_pose has 2 images; expected one"),
        (CLIP, torch.ones(1, 64, 64, 3), "photo_pose .*is not DensePose"),
        (torch.ones(2, 64, 64, 3), PHOTO, "pose_video .*is not DensePose"),
        (CLIP[:0], PHOTO, "pose_video is empty"),
        (CLIP[..., :1], PHOTO, "pose_video has 1 channels"),
    ],
)
def test_what_cannot_be_aligned_is_refused(node, clip, photo, words):
    with pytest.raises(ValueError, match=words):
        node.execute(clip, photo)


def test_nobody_in_the_photo_changes_nothing_and_is_told(node):
    empty = (torch.tensor(BACKGROUND) / 255).expand(1, 64, 64, 3)
    video, report, _ = node.execute(CLIP, empty).args
    assert torch.equal(video, CLIP) and "nobody is seen in the photo" in report
