"""Blurred DensePose gets its parts' colours back."""

import numpy as np
from pack.magicanimate_core.media.densepose import BACKGROUND, PART_COLOURS, nearest_parts, paint
from pack.magicanimate_core.pose.forms import FORMS
from pack.magicanimate_core.pose.palette import is_exact, palette_problem
from pack.magicanimate_core.pose.preparing import converted


def test_a_blurred_seam_gets_its_neighbours_parts():
    """A colour between two parts is nearest to a third one, which is not there."""
    parts = np.zeros((1, 12, 12), np.uint8)
    parts[:, :, 6:] = 24
    poses = paint(parts)
    poses[:, :, 5] = (poses[:, :, 4].astype(int) + poses[:, :, 6]) // 2
    assert not set(np.unique(nearest_parts(poses)[0])) <= {0, 24} and not is_exact(poses)
    assert set(np.unique(nearest_parts(converted(poses, FORMS["viridis"], snap=True))[0])) == {0, 24}


def test_the_background_is_part_0():
    assert BACKGROUND == tuple(PART_COLOURS[0])
    assert str(BACKGROUND) in palette_problem(np.full((1, 8, 8, 3), (200, 30, 200), np.uint8), 0.5)
