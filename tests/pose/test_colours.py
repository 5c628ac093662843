"""DensePose in MagicAnimate's colours is told from any other picture by a few frames."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.media.clip import PoseClip
from pack.magicanimate_core.media.densepose import ANY_COLOURS, BACKGROUND, DENSEPOSE_COLOURS, PART_COLOURS, paint
from pack.magicanimate_core.media.pictures import read_photo
from pack.magicanimate_core.pose.colours import (
    FRAMES,
    LEAST_PART_SHARE,
    NEAR_LEVELS,
    check_colours,
    check_pose_video,
    looked_at,
    part_share,
)
from pack.scripts.comfyui import PACK
from pack.tests.pose import pictures as show
from pack.tests.shared import SHARED

CLIPS = sorted([*(PACK / "demo" / "inputs").glob("motion_*.mp4"), *(SHARED / "samples").glob("*.mp4")])
PHOTOS = sorted([*(PACK / "demo" / "inputs").glob("dancer_*.png"), *(SHARED / "samples").glob("*.[jp][pn]*g")])


@pytest.mark.parametrize("clip", CLIPS, ids=lambda path: path.name)
def test_real_clips_pass(clip):
    poses = PoseClip(clip)
    check_colours(poses(looked_at(len(poses))).movedim(1, -1), clip.name)


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda path: path.name)
def test_photos_do_not(photo):
    with pytest.raises(ValueError, match=f"{photo.name} is not DensePose.*set pose_colours to any"):
        check_colours(read_photo(photo), photo.name)


def test_the_inputs_of_the_reference_numbers_pass(golden):
    check_pose_video(golden("inputs")["pose"].movedim(1, -1), "densepose")


@pytest.mark.parametrize("part", range(25))
def test_every_part_and_the_background_count_up_to_a_distance(part):
    near = PART_COLOURS[part].astype(int) + np.array([0, 0, NEAR_LEVELS if PART_COLOURS[part][2] < 200 else -NEAR_LEVELS])
    assert part_share(near.clip(0, 255).astype(np.uint8)[None, None, None]) == 1


def test_a_quarter_is_enough():
    poses = np.full((1, 10, 10, 3), 255, np.uint8)
    poses[:, :3] = BACKGROUND
    check_colours(torch.from_numpy(poses).float() / 255, "clip")
    poses[:, 1:] = 255
    assert part_share(poses) == 0.1 < LEAST_PART_SHARE
    with pytest.raises(ValueError, match="10% of its pixels .* 25% and more"):
        check_colours(torch.from_numpy(poses).float() / 255, "clip")


@pytest.mark.parametrize("frames", [1, 2, 7, 8, 9, 1000])
def test_both_ends_are_looked_at(frames):
    numbers = looked_at(frames)
    assert {0, frames - 1} <= set(numbers) and len(numbers) == min(frames, FRAMES) and numbers == sorted(numbers)


def test_large_frames_are_thinned_not_blurred():
    parts = np.random.default_rng(0).integers(0, 25, (1, 1, 700))  # any mixture would be of no part
    check_colours(torch.from_numpy(paint(parts)).float() / 255, "clip")


def test_frames_past_the_first_count():
    poses = torch.ones(9, 8, 8, 3)
    poses[0] = torch.tensor(BACKGROUND) / 255
    with pytest.raises(ValueError, match="set pose_colours to any"):
        check_pose_video(poses, "densepose")
    check_pose_video(poses, "any")


@pytest.mark.parametrize("colours", [DENSEPOSE_COLOURS, ANY_COLOURS])
def test_every_frame_is_of_numbers(colours):
    """Also those between the frames whose colours are looked at."""
    clip = torch.from_numpy(paint(np.zeros((40, 16, 16), np.uint8))).float() / 255
    check_pose_video(clip, colours)
    clip[1, 3, 3, 0] = torch.nan
    assert 1 not in looked_at(len(clip))
    with pytest.raises(ValueError, match="pose_video holds values that are no numbers"):
        check_pose_video(clip, colours)


@pytest.mark.parametrize("form", ["parula", "viridis_bgr", "parula_bgr", "viridis_grey"])
def test_other_forms_are_told_even_where_their_background_is_near_a_part(form):
    with pytest.raises(ValueError, match="clip looks like .*let Prepare Pose Video convert it"):
        check_colours(torch.from_numpy(np.ascontiguousarray(show.drawn(form))).float() / 255, "clip")
