"""AKD and MKR on joints by hand, peaks of heat maps, and the published values of both."""

import numpy as np
import pytest
from pack.magicanimate_core.evaluation.joint_maps import joints_of_maps
from pack.magicanimate_core.evaluation.joints import joint_errors
from pack.magicanimate_core.evaluation.tables import Table
from pack.tests.evaluation import published

NONE = (-1, -1)


def table(*frames, files=None):
    """Frames of one clip, each a list of joints."""
    values = np.array(frames, float)
    return Table(files or ("a.mp4",) * len(frames), np.arange(len(frames)), values)


def test_by_hand():
    """Frame 0: joints 3 and 4 pixels off; frame 1: one of two is missing, one exact; frame 2: nobody is there."""
    true = table([(10, 10), (20, 20)], [(5, 5), (6, 6)], [NONE, NONE])
    made = table([(13, 14), (20, 26)], [(5, 5), NONE], [(1, 1), (2, 2)])
    errors = joint_errors(true, made)
    assert errors.distance[:2].tolist() == [(3.5 + 3) / 2, 0] and np.isnan(errors.distance[2])
    assert errors.akd == pytest.approx((3.25 + 0) / 2) and errors.akd_frames == 2
    assert errors.akd_euclidean == pytest.approx(((5 + 6) / 2 + 0) / 2)
    assert errors.mkr == pytest.approx((0 + 1 / 2) / 2) and errors.mkr_frames == 2


def test_a_frame_without_anybody_counts_in_mkr_alone():
    """AKD falls by failing, and its number of frames tells."""
    true = table([(10, 10)], [(10, 10)])
    bad, none = table([(10, 10)], [(50, 50)]), table([(10, 10)], [NONE])
    assert (joint_errors(true, bad).akd, joint_errors(true, bad).mkr) == (20, 0)
    errors = joint_errors(true, none)
    assert (errors.akd, errors.akd_frames, errors.mkr, errors.mkr_frames) == (0, 1, 0.5, 2)


def test_only_x_tells_whether_a_joint_was_found():
    true, made = table([(4, 4), (-1, 8)]), table([(4, -1), (3, 3)])
    errors = joint_errors(true, made)
    assert (errors.akd, errors.mkr) == (2.5, 0)


def test_the_true_table_comes_first():
    true, made = table([(4, 4), NONE]), table([(4, 4), (3, 3)])
    assert (joint_errors(true, made).mkr, joint_errors(made, true).mkr) == (0, 0.5)


def test_nobody_anywhere_is_no_number():
    nobody = table([NONE, NONE])
    errors = joint_errors(nobody, nobody)
    assert (errors.akd, errors.mkr, errors.akd_frames, errors.mkr_frames) == (None, None, 0, 0)


def test_rows_in_any_order():
    rng = np.random.default_rng(0)
    files, frames = ("a.mp4", "a.mp4", "b.mp4", "b.mp4", "b.mp4"), np.array([0, 1, 0, 1, 2])
    true, made = (Table(files, frames, rng.integers(-1, 30, (5, 18, 2))) for _ in range(2))
    order = rng.permutation(5)
    shuffled = Table(tuple(files[i] for i in order), frames[order], made.values[order])
    assert joint_errors(true, shuffled).akd == joint_errors(true, made).akd


# --- peaks -----------------------------------------------------------------------------------------------------------


def heat(*peaks, size=(20, 30)):
    """One joint's map with these (x, y, value), falling off to all sides."""
    y, x = np.indices(size)
    maps = [value - 0.1 * np.hypot(x - px, y - py) for px, py, value in peaks]
    return np.maximum(0, np.max(maps, axis=0) if maps else np.zeros(size))[..., None]


@pytest.mark.parametrize(
    ("peaks", "disco", "strongest"),
    [
        ([], NONE, NONE),
        ([(7, 3, 0.1)], NONE, NONE),  # not above the threshold
        ([(7, 3, 0.11)], (7, 3), (7, 3)),
        ([(7, 3, 0.9), (20, 15, 0.2)], (20, 15), (7, 3)),  # the lower in the image wins
        ([(25, 5, 0.2), (4, 5, 0.9)], (25, 5), (4, 5)),  # on one line the right one
        ([(0, 0, 0.5), (29, 19, 0.4)], (29, 19), (0, 0)),  # at the edges
    ],
)
def test_which_peak_wins(peaks, disco, strongest):
    maps = heat(*peaks)
    assert joints_of_maps(maps, "disco").tolist() == [list(disco)]
    assert joints_of_maps(maps, "strongest").tolist() == [list(strongest)]


def test_a_peak_moves_to_the_largest_value_within_two_pixels():
    maps = np.zeros((12, 12, 1))
    maps[5, 5], maps[7, 7] = 0.3, 0.6
    maps[10, 4] = 0.2
    assert joints_of_maps(maps).tolist() == [[4, 10]]
    maps[10, 4] = 0
    maps[7, 7], maps[5, 5] = 0.3, 0.6  # the last peak, (7, 7), moves up to (5, 5)
    assert joints_of_maps(maps).tolist() == [[5, 5]]


# --- published values ------------------------------------------------------------------------------------------------


def published_tables():
    rows = list(published.inputs().joints(published.plan()["joints"]))
    files, frames = tuple(row[0] for row in rows), np.array([row[1] for row in rows])
    return tuple(Table(files, frames, np.stack([row[side] for row in rows])) for side in (2, 3))


def test_published_joints():
    values, errors = published.values()["ted"], joint_errors(*published_tables())
    assert errors.akd == pytest.approx(values["AKD"]["disco"], rel=1e-12)
    assert errors.akd_euclidean == pytest.approx(values["AKD"]["euclidean"], rel=1e-12)
    assert errors.mkr == pytest.approx(values["MKR"]["disco"], rel=1e-12)
    for frame, row in enumerate(values["joint_frames"]):
        for value, key in ((errors.distance, "akd"), (errors.euclidean, "akd_euclidean"), (errors.missing, "mkr")):
            expected = np.nan if row[key] is None else row[key]
            assert value[frame] == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("which", ["disco", "strongest"])
def test_published_heat_maps(which):
    maps = published.inputs().heatmaps(published.plan()["heatmaps"])
    for frame, expected in zip(maps, published.values()["ted"]["heatmap_joints"], strict=True):
        assert joints_of_maps(frame, which).tolist() == expected[which]
