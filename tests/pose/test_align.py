"""A clip is brought to the photo's person where the truth is known, and left alone where nothing can be known."""

import numpy as np
import pytest
from pack.magicanimate_core.media.densepose import BACKGROUND
from pack.magicanimate_core.pose.align.fit import fit_alignment, moved
from pack.magicanimate_core.pose.align.similarity import Similarity
from pack.tests.pose.dancing import ASIDE, HALF, SIZE, SMALL, WHOLE, change, dance, joint_error, person_pixels

SAME = 0.02  # of a figure's pixels
BETTER = 0.35  # of the error before


def aligned(frames: list[np.ndarray], photo: np.ndarray, **options) -> list[np.ndarray]:
    fitted = fit_alignment(frames, photo, **options)
    return [fitted.apply(frame) for frame in frames]


@pytest.mark.parametrize("proportions", [False, True])
@pytest.mark.parametrize(("number", "driver", "photo"), [(0, WHOLE, SMALL), (2, SMALL, ASIDE), (3, ASIDE, WHOLE)])
def test_one_dance_by_two_bodies(number, driver, photo, proportions):
    frames, truth = dance(number, 10 + number, driver), dance(number, 30 + number, photo)
    out = aligned(frames, truth[2], proportions=proportions)
    assert joint_error(out, truth) < BETTER * joint_error(frames, truth)
    assert change(out) < 1.03 * change(frames)
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
    assert joint_error([fitted.apply(f) for f in frames], truth) < BETTER * joint_error(frames, truth)
    assert "2 in the clip, 2 in the photo" in fitted.report


def test_two_people_and_a_photo_of_one_stay():
    fitted = fit_alignment(two(dance(0, 10, WHOLE)), dance(0, 31, SMALL)[0])
    assert fitted.is_nothing and "2 people and the photo 1" in fitted.report


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
