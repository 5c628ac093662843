"""The photo's limbs follow a part map: in its own pose nothing moves, in others limbs lie where they should."""

import numpy as np
import pytest
from pack.magicanimate_core.dancers import clip
from pack.magicanimate_core.media.densepose import BACKGROUND, paint
from pack.magicanimate_core.pose.warping import Warp, filled_holes


def dancer(index: int):
    """A photo, its DensePose, and a clip of the same dancer in another motion."""
    moving = clip(index, "held_out", frames=12, height=192, width=192)
    shown = moving.dancing(1000 + index).frame(0)
    return shown.image, paint(shown.parts), moving


@pytest.mark.parametrize("index", range(4))
def test_in_its_own_pose_the_photo_stays_as_it_is(index):
    photo, pose, _ = dancer(index)
    assert np.array_equal(Warp(photo, pose)(pose), photo)


@pytest.mark.parametrize("index", range(4))
def test_limbs_come_nearer_to_the_truth_than_the_photo_is(index):
    photo, pose, moving = dancer(index)
    warp = Warp(photo, pose)
    off = {"photo": [], "warp": []}
    for frame in moving:
        body = frame.parts > 0
        for name, made in (("photo", photo), ("warp", warp(paint(frame.parts)))):
            off[name].append(np.abs(made.astype(float) - frame.image)[body].mean())
    assert np.mean(off["warp"]) < 0.85 * np.mean(off["photo"])


def test_what_moves_by_whole_pixels_is_moved_by_whole_pixels():
    photo, pose, _ = dancer(2)
    beside = np.full_like(pose, BACKGROUND)
    beside[:, :-5] = pose[:, 5:]
    body = (beside != BACKGROUND).any(-1) & (np.arange(192) < 187)
    body[:3] = body[-8:] = False  # where the picture's edge cuts a limb, it is not known how long it is
    made, expected = Warp(photo, pose)(beside), np.roll(photo, -5, 1)
    assert np.median(np.abs(made.astype(int) - expected)[body]) <= 2


def test_a_pose_without_anybody_shows_what_lies_behind():
    photo, pose, _ = dancer(1)
    made = Warp(photo, pose)(np.full_like(pose, BACKGROUND))
    there = (pose != BACKGROUND).any(-1)
    assert np.array_equal(made[~there], photo[~there]) and not np.array_equal(made[there], photo[there])
    with pytest.raises(ValueError, match="shows nobody"):
        Warp(photo, np.full_like(pose, BACKGROUND))


def test_two_people_follow_from_left_to_right():
    (left, left_pose, _), (right, right_pose, _) = dancer(0), dancer(2)
    photo, pose = np.hstack([left, right]), np.hstack([left_pose, right_pose])
    assert np.array_equal(Warp(photo, pose)(pose), photo)


def test_holes_take_the_colours_around_them():
    image = np.full((37, 50, 3), (10, 200, 90), np.uint8)
    hole = np.zeros((37, 50), bool)
    hole[5:30, 8:44] = True
    image[hole] = 255
    made = filled_holes(image, hole)
    assert np.abs(made.astype(int) - (10, 200, 90)).max() <= 1
    assert np.array_equal(filled_holes(image, ~np.ones_like(hole)), image)
