"""Blurred DensePose gets its parts' colours back."""

import numpy as np
import pytest
from pack.magicanimate_core.media.densepose import BACKGROUND, PART_COLOURS, nearest_parts, paint
from pack.magicanimate_core.pose.palette import SURE, is_exact, palette_problem, snap


def spread_by_blur(cv2, parts: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """The same vote with OpenCV's box filter: the share of a part among the 3 x 3 pixels around."""
    for _ in range(3):
        votes, winner = np.zeros(parts.shape, np.float32), parts.copy()
        for part in np.unique(parts[sure]):
            share = cv2.blur((sure & (parts == part)).astype(np.float32), (3, 3))
            better = (share > votes) & ~sure
            votes[better], winner[better] = share[better], part
        parts, sure = winner, sure | (votes > 0)
    return parts


@pytest.mark.parametrize("shape", [(24, 31), (2, 9), (1, 7), (1, 1)])
def test_seams_are_voted_on_as_by_a_box_filter(shape):
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(0)
    parts = (
        rng.integers(0, 25, (2, -(-shape[0] // 4), -(-shape[1] // 4))).repeat(4, 1).repeat(4, 2)[:, : shape[0], : shape[1]]
    )
    poses = np.clip(paint(parts) + rng.integers(-60, 60, (2, *shape, 3)) * (rng.random((2, *shape, 1)) < 0.5), 0, 255)
    poses = poses.astype(np.uint8)
    nearest, distance = nearest_parts(poses)
    expected = [spread_by_blur(cv2, *frame) for frame in zip(nearest, distance <= SURE, strict=True)]
    snapped = snap(poses)
    assert np.array_equal(snapped, paint(np.stack(expected))) and is_exact(snapped)


def test_a_blurred_seam_gets_its_neighbours_parts():
    """A colour between two parts is nearest to a third one, which is not there."""
    parts = np.zeros((1, 12, 12), np.uint8)
    parts[:, :, 6:] = 24
    poses = paint(parts)
    poses[:, :, 5] = (poses[:, :, 4].astype(int) + poses[:, :, 6]) // 2
    assert not set(np.unique(nearest_parts(poses)[0])) <= {0, 24} and not is_exact(poses)
    assert set(np.unique(nearest_parts(snap(poses))[0])) == {0, 24}


def test_the_background_is_part_0():
    assert BACKGROUND == tuple(PART_COLOURS[0])
    assert str(BACKGROUND) in palette_problem(np.full((1, 8, 8, 3), (200, 30, 200), np.uint8), 0.5)
