"""Frames at the size of published numbers."""

import numpy as np
import pytest
from pack.magicanimate_core.evaluation.sizes import square
from pack.tests.evaluation.sets import frames
from PIL import Image


@pytest.mark.parametrize(
    ("height", "width", "box"), [(20, 30, (5, 0, 25, 20)), (40, 24, (0, 8, 24, 32)), (9, 9, (0, 0, 9, 9))]
)
def test_the_largest_centred_square_by_pillow(height, width, box):
    frame = frames(1, height, width)[0]
    expected = Image.fromarray(frame).crop(box).resize((16, 16), Image.Resampling.BILINEAR)
    assert np.array_equal(square(frame, 16), expected)


def test_what_has_the_size_is_not_touched():
    frame = frames(1)[0]
    assert square(frame, 16) is frame


def test_masks_stay_black_and_white():
    mask = np.repeat(np.random.default_rng(0).choice([0, 255], (30, 20, 1)).astype(np.uint8), 3, -1)
    assert set(np.unique(square(mask, 7, smooth=False)).tolist()) == {0, 255} and len(np.unique(square(mask, 7))) > 2
