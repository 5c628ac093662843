"""The picture of a plan shows what the plan says: colours where frames are shared, wrapped or padded."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.media.densepose import PART_COLOURS, paint
from pack.magicanimate_core.plan.ink import PAPER, SHARES, SHARES_WARM, WARM
from pack.magicanimate_core.plan.overlay import BODY_OPACITY, pose_over_photo, thumbnail_size
from pack.magicanimate_core.plan.picture import PLAN_WIDTH, Grid, draw
from pack.magicanimate_core.plan.preview import preview
from pack.tests.plan.test_plan import plan


def colours(picture, plan, frame, window):
    """All colours inside a frame's place in a window's row."""
    grid = Grid(plan)
    left, top, right, bottom = (round(side) for side in grid.box(frame, frame + 1, grid.top + window * grid.row, grid.row))
    return set(map(tuple, picture[top + 2 : bottom - 2, left + 2 : right - 3].reshape(-1, 3).tolist()))


def test_bars_are_where_the_windows_are():
    made = plan(20)
    picture = draw(made)
    for number, window in enumerate(made.windows):
        for frame in range(made.total):
            there = colours(picture, made, frame, number) & {*SHARES, *SHARES_WARM}
            wrapped = frame in window and frame < window[0]
            expected = (SHARES_WARM if wrapped else SHARES)[made.shared[frame] - 1]
            assert there == ({expected} if frame in window else set()), (number, frame)


def test_padding_alone_is_hatched():
    made = plan(20)
    picture = draw(made)
    for frame in range(12, 28):
        assert (PAPER in colours(picture, made, frame, 1)) == (frame >= 20)


@pytest.mark.parametrize("frames", [1, 2, 16, 20, 96, 1000, 20000])
def test_any_clip_has_a_picture_of_one_width(frames):
    picture = draw(plan(frames, steps=1))
    assert picture.shape[1:] == (PLAN_WIDTH, 3) and picture.shape[0] < 700 and picture.dtype == np.uint8
    assert (picture == WARM).all(-1).any() == (frames > 16)  # the ring closes


def test_the_pose_lies_over_the_photo_where_the_body_is():
    parts = np.zeros((1, 64, 64), np.uint8)
    parts[:, 16:48, 16:48] = 2
    poses, photo = torch.from_numpy(paint(parts)).float() / 255, torch.full((1, 64, 64, 3), 0.8)
    seen = pose_over_photo(poses, photo, (32, 32), "crop").astype(float)  # half as large
    assert np.abs(seen[16, 16] - (BODY_OPACITY * PART_COLOURS[2] + (1 - BODY_OPACITY) * 204)).max() <= 1
    assert seen[2, 2].min() > 150 and seen[16, 16].max() < 160
    assert (pose_over_photo(poses, None, (64, 64), "crop") == paint(parts)[0]).all()


@pytest.mark.parametrize(
    ("size", "small"), [((512, 512), (300, 300)), ((16384, 8), (300, 1)), ((64, 128), (64, 128)), ((600, 1200), (150, 300))]
)
def test_pictures_are_no_larger_than_is_looked_at(size, small):
    assert thumbnail_size(*size, 300) == small


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_what_the_fit_does_to_other_proportions_is_said(fit):
    poses, photo = torch.from_numpy(paint(np.zeros((20, 64, 64), np.int64))).float() / 255, torch.full((1, 96, 64, 3), 0.5)
    picture, words = preview(plan(20, size=(64, 64)), poses, photo, fit)
    said = {
        "crop": "33% of it is cut off",
        "pad": "33% of the frame is border",
        "stretch": "it is squeezed by a factor of 1.5",
    }
    assert f"reference_image is 64 x 96, the animation 64 x 64, so {said[fit]}" in words and "size like 64 x 96" in words
    assert "pose_video is 64" not in words
    assert picture.shape[0] == 1 and picture.shape[-1] == 3 and picture.dtype == torch.float32
    assert 0 <= picture.min() and picture.max() <= 1


def test_a_film_is_drawn_and_its_refusal_said():
    film = torch.rand(3, 32, 48, 3, generator=torch.Generator().manual_seed(0)) * 0.9
    _, words = preview(plan(3, size=(48, 32)), film, None, "crop")
    assert "Animate refuses the clip: pose_video is not DensePose" in words
