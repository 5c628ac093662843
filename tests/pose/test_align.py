"""A clip is brought to the photo's person where the truth is known, and left alone where nothing can be known."""

import numpy as np
import pytest
from pack.magicanimate_core.media.densepose import BACKGROUND
from pack.magicanimate_core.pose.align.fit import fit_alignment, moved
from pack.magicanimate_core.pose.align.similarity import Similarity
from pack.magicanimate_core.testing.dances import joint_distances, label_change, person_pixels
from pack.tests.pose.dancing import ASIDE, HALF, SIZE, SMALL, WHOLE, dance, joint_error

SAME = 0.02  # of a figure's pixels
BETTER = 0.35  # of the error before


def aligned(frames: list[np.ndarray], photo: np.ndarray, **options) -> list[np.ndarray]:
    fitted = fit_alignment(frames, photo, **options)
    return [fitted.apply(frame, number) for number, frame in enumerate(frames)]


@pytest.mark.parametrize("proportions", [False, True])
@pytest.mark.parametrize(("number", "driver", "photo"), [(0, WHOLE, SMALL), (2, SMALL, ASIDE), (3, ASIDE, WHOLE)])
def test_one_dance_by_two_bodies(number, driver, photo, proportions):
    frames, truth = dance(number, 10 + number, driver), dance(number, 30 + number, photo)
    out = aligned(frames, truth[2], proportions=proportions)
    assert joint_error(out, truth) < BETTER * joint_error(frames, truth)
    assert label_change(out) < 1.03 * label_change(frames)
    assert all(person_pixels(frame) > 0.8 * person_pixels(true) for frame, true in zip(out, truth, strict=True))


@pytest.mark.parametrize("undone", [Similarity(0.7, 25, 30), Similarity(0.85, -8, 15), Similarity(0.6, 10, 50)])
def test_a_clip_that_was_scaled_and_shifted_comes_back(undone):
    truth = dance(0, 11, WHOLE)
    frames = [moved(frame, undone) for frame in truth]
    out = aligned(frames, truth[0])
    assert joint_error(out, truth) < 0.12 * joint_error(frames, truth)


@pytest.mark.parametrize("photo", [0, 3, 7])
@pytest.mark.parametrize("camera", [WHOLE, SMALL, HALF])
def test_a_clip_that_fits_is_left_alone(camera, photo):
    frames = dance(2, 10, camera)
    out = aligned(frames, frames[photo])
    off = [(a != b).any(-1).sum() / person_pixels(b) for a, b in zip(out, frames, strict=True)]
    assert max(off) <= SAME


@pytest.mark.parametrize(("number", "camera"), [(3, WHOLE), (4, SMALL), (5, ASIDE)])
def test_a_photo_in_another_pose_does_not_harm(number, camera):
    frames, truth = dance(number, 10, WHOLE), dance(number, 31, camera)
    out = aligned(frames, dance(number + 2, 31, camera)[4])
    assert joint_error(out, truth) <= joint_error(frames, truth)


NEVER_WORSE = 1.02, 0.1  # times the error before, and pixels: what joints are read off is not exacter
OTHER = [  # the clip, then the photo: dance, body, camera, and how
    ("sizes and places alike", (2, 10, WHOLE, {}), (4, 12, WHOLE, {})),
    ("the same, smaller", (5, 14, SMALL, {}), (7, 17, SMALL, {})),
    ("a photo of a back", (3, 10, WHOLE, {}), (6, 20, ASIDE, {"back": True})),
    ("a clip of a back", (4, 11, SMALL, {"back": True}), (5, 21, WHOLE, {})),
    ("both backs", (6, 12, ASIDE, {"back": True}), (9, 22, WHOLE, {"back": True})),
    ("a photo of somebody who sits", (3, 13, WHOLE, {}), (5, 23, WHOLE, {"sits": True})),
    ("a clip of somebody who sits", (2, 14, SMALL, {"sits": True}), (6, 24, WHOLE, {})),
    ("both sit", (7, 15, WHOLE, {"sits": True}), (8, 25, ASIDE, {"sits": True})),
    ("sits with the back to us", (6, 16, SMALL, {"sits": True}), (9, 26, SMALL, {"sits": True, "back": True})),
    ("two half figures", (2, 10, HALF, {}), (5, 27, HALF, {})),
    ("a whole clip, a half photo", (4, 11, WHOLE, {}), (3, 28, HALF, {})),
    ("a half clip, a whole photo", (6, 12, HALF, {}), (8, 29, WHOLE, {})),
]


@pytest.mark.parametrize(("driver", "photo"), [row[1:] for row in OTHER], ids=[row[0] for row in OTHER])
def test_never_worse_where_the_photo_shows_another_pose(driver, photo):
    (number, who, shot, how), (other, shown, camera, posture) = driver, photo
    frames, truth = dance(number, who, shot, **how), dance(number, shown, camera, **how)
    out = aligned(frames, dance(other, shown, camera, 4, **posture)[3])
    before, after = joint_distances(truth, frames, out)
    assert after <= NEVER_WORSE[0] * before + NEVER_WORSE[1]


@pytest.mark.parametrize("camera", [WHOLE, SMALL, ASIDE, HALF])
@pytest.mark.parametrize(("number", "other"), [(2, 4), (3, 8), (6, 5)])
def test_the_photos_own_body_in_another_pose_stays(number, other, camera):
    """Whoever stands in the photo's place already, stays there, whatever pose the photo shows."""
    assert fit_alignment(dance(number, 10, camera), dance(other, 10, camera, 3)[2]).is_nothing


def test_strength_goes_from_nothing_to_all():
    frames, truth = dance(0, 10, WHOLE), dance(0, 31, SMALL)
    assert all(a is b for a, b in zip(aligned(frames, truth[0], strength=0.0), frames, strict=True))
    errors = [joint_error(aligned(frames, truth[0], strength=part), truth) for part in (0.0, 0.5, 1.0)]
    assert errors[0] > 1.5 * errors[1] > 3 * errors[2]


def test_a_half_figure_is_not_cut_again_inside_the_picture():
    """A clip to the hips, a photo to the feet."""
    frames, photo = dance(2, 10, HALF), dance(2, 31, WHOLE)[0]
    fitted = fit_alignment(frames, photo)
    foot = np.nonzero((photo != BACKGROUND).any((1, 2)))[0].max()
    assert fitted.map(np.array([0, SIZE]))[1] > 0.75 * foot and "Held back" in fitted.report


@pytest.mark.parametrize(("shift", "left"), [(-15, 0.97), (-34, 0.75), (60, 0.75)])
def test_a_figure_is_not_pushed_out(shift, left):
    """The photo's person stands at the edge; the dance needs room on both sides."""
    frames, photo = dance(2, 10, SMALL), moved(dance(2, 10, SMALL)[0], Similarity(1.0, shift, 0))
    out = aligned(frames, photo)
    assert all(person_pixels(a) > left * person_pixels(b) for a, b in zip(out, frames, strict=True))


def two(frames: list[np.ndarray]) -> list[np.ndarray]:
    left, right = ([moved(f, Similarity(0.7, x, 30)) for f in frames] for x in (-25, 60))
    return [np.where((a != BACKGROUND).any(-1, keepdims=True), a, b) for a, b in zip(left, right, strict=True)]


def test_two_people_are_aligned_to_two():
    truth = two(dance(0, 10, WHOLE))
    frames = [moved(frame, Similarity(0.8, 20, 24)) for frame in truth]
    fitted = fit_alignment(frames, truth[0])
    assert joint_error([fitted.apply(f, i) for i, f in enumerate(frames)], truth) < BETTER * joint_error(frames, truth)
    assert "2 in the clip, 2 in the photo" in fitted.report


def test_two_people_and_a_photo_of_one_stay():
    fitted = fit_alignment(two(dance(0, 10, WHOLE)), dance(0, 31, SMALL)[0])
    assert fitted.is_nothing and "2 people and the photo 1" in fitted.report


def test_how_many_people_there_are_is_one_number_for_the_clip():
    """Somebody who is seen apart in three of eight frames is there; who is seen in one, passes by."""
    alone, pair = dance(0, 10, SMALL), two(dance(0, 10, WHOLE))
    photo = dance(0, 31, WHOLE)[0]
    assert fit_alignment([*pair[:3], *alone[3:]], photo).is_nothing
    assert not fit_alignment([*pair[:1], *alone[1:]], photo).is_nothing


EMPTY = np.full((SIZE, SIZE, 3), BACKGROUND, np.uint8)


@pytest.mark.parametrize(
    ("frames", "photo", "words"),
    [
        ([EMPTY] * 2, dance(0, 1, WHOLE, 1)[0], "nobody is seen in the pose video"),
        (dance(0, 1, WHOLE, 2), EMPTY, "nobody is seen in the photo"),
    ],
)
def test_nobody_there_is_told(frames, photo, words):
    fitted = fit_alignment(frames, photo)
    assert fitted.is_nothing and words in fitted.report


def test_frames_without_anybody_do_not_count():
    frames, truth = dance(0, 10, WHOLE), dance(0, 31, SMALL)
    assert fit_alignment([EMPTY, *frames, EMPTY], truth[0]).map == fit_alignment(frames, truth[0]).map


@pytest.mark.parametrize("frames", [[], [EMPTY, EMPTY[:-8]]])
def test_what_is_no_clip_is_refused(frames):
    with pytest.raises(ValueError, match="The pose video.* expected"):
        fit_alignment(iter(frames), EMPTY)


def test_colours_are_only_those_of_the_frame():
    frames = dance(0, 10, WHOLE, 3)
    out = aligned(frames, dance(0, 31, SMALL)[0])
    for a, b in zip(out, frames, strict=True):
        assert set(map(tuple, a.reshape(-1, 3).tolist())) <= set(map(tuple, b.reshape(-1, 3).tolist()))


def test_a_fit_can_be_given_up():
    class Stop(Exception):
        pass

    def tick():
        raise Stop

    with pytest.raises(Stop):
        fit_alignment(dance(0, 10, WHOLE, 2), EMPTY, tick=tick)
