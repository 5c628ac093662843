"""Limbs get the photo's lengths where a frame shows its pose, and keep theirs elsewhere."""

import numpy as np
import pytest
from pack.magicanimate_core.media.densepose import PART_COLOURS, paint
from pack.magicanimate_core.pose.align.bones import LEAST_BONE, MOST_BONE
from pack.magicanimate_core.pose.align.fit import fit_alignment, moved
from pack.magicanimate_core.pose.align.joints import Body, body, stack
from pack.magicanimate_core.pose.align.limbs import HEAD, LIMB_OF, TORSO, limb_map, without_seams
from pack.magicanimate_core.pose.align.similarity import Similarity, sure_of
from pack.magicanimate_core.pose.align.steady import FRAME_WEIGHTS, steady
from pack.magicanimate_core.testing.dances import LONG_BODY, LONG_LEGS, built, label_change, person_pixels
from pack.tests.pose.dancing import ASIDE, SMALL, WHOLE, dance, joint_error


def errors(frames: list, truth: list, photo: int, **options) -> float:
    fitted = fit_alignment(frames, truth[photo], **options)
    return joint_error([fitted.apply(frame, number) for number, frame in enumerate(frames)], truth)


@pytest.mark.parametrize(
    ("number", "driver", "photo", "factors"),
    [(0, WHOLE, SMALL, LONG_BODY), (2, ASIDE, WHOLE, LONG_BODY), (5, ASIDE, WHOLE, LONG_LEGS), (9, WHOLE, ASIDE, LONG_LEGS)],
)
def test_other_proportions_come_nearer_than_by_scale_and_shift(number, driver, photo, factors):
    frames, truth = dance(number, 10 + number, driver), dance(number, built(30 + number, **factors), photo)
    before, plain = joint_error(frames, truth), errors(frames, truth, 3, proportions=False)
    assert errors(frames, truth, 3) <= min(0.35 * before, plain)


def test_factors_are_those_of_the_bodies():
    who = built(10)
    frames, truth = dance(2, who, WHOLE), dance(2, built(10, head=1.25, upper_arm=0.8, lower_arm=0.8), WHOLE)
    bones = fit_alignment(frames, truth[2]).rebuilt.bones
    assert bones.length[HEAD] / bones.length[TORSO] == pytest.approx(1.2, abs=0.08)  # the neck stays as it is
    assert bones.length[5] / bones.length[TORSO] == pytest.approx(0.8, abs=0.1)
    assert (
        bones.length[3:13:2] == bones.length[4:14:2]
    ).all() and LEAST_BONE <= bones.length.min() <= bones.length.max() <= MOST_BONE


def test_longer_limbs_flicker_no_more():
    frames, truth = dance(2, 12, ASIDE), dance(2, built(32, **LONG_BODY), WHOLE)
    fitted = fit_alignment(frames, truth[2])
    assert fitted.rebuilt is not None and label_change(
        [fitted.apply(frame, number) for number, frame in enumerate(frames)]
    ) < 1.03 * label_change(frames)


def still(frames: int) -> Body:
    """A body (F, ...) that does not move."""
    one = body(limb_map(dance(2, 12, WHOLE, 1)[0]))
    return stack([one] * frames)


def off(here: np.ndarray, there: np.ndarray) -> float:
    """Mean distance of points (..., 2) that both know, pixels."""
    return float(np.nanmean(np.linalg.norm(here - there, axis=-1)))


def test_what_is_read_anew_every_frame_trembles_less():
    true = still(20)
    read = true._replace(start=true.start + np.random.default_rng(0).normal(0, 0.7, true.start.shape))
    assert off(steady(np.arange(20), read).start, true.start) < 0.4 * off(read.start, true.start)


@pytest.mark.parametrize("speed", [0.5, 5.0, 20.0])
def test_a_quick_dance_is_not_held_back(speed):
    true, ends = still(20), len(FRAME_WEIGHTS)
    moves = true._replace(start=true.start + speed * np.arange(20)[:, None, None])
    assert off(steady(np.arange(20), moves).start[ends:-ends], moves.start[ends:-ends]) < 0.01


def test_what_one_frame_does_not_show_is_taken_from_those_around():
    read = still(9)
    start = read.start.copy()
    start[4] = np.nan
    found = steady(np.arange(9), read._replace(start=start)).body(4, read)
    assert off(found.start, read.start[4]) < 0.01


def test_frames_of_which_nothing_is_known_between_them_are_no_neighbours():
    read = still(2)
    apart = read._replace(start=read.start + np.array([0.0, 1.0])[:, None, None])
    assert off(steady(np.array([0, 50]), apart).start, apart.start) < 1e-6


def test_no_holes():
    """What lies inside the figure of the truth is inside the drawn one, too, up to its edge."""
    frames, truth = dance(2, 12, ASIDE), dance(2, built(32, **LONG_BODY), WHOLE)
    fitted = fit_alignment(frames, truth[2])
    for frame, true in zip(frames, truth, strict=True):
        out, inside = limb_map(fitted.apply(frame)) > 0, limb_map(true) > 0
        for _ in range(3):
            wide = np.pad(inside, 1)
            inside = inside & wide[1:-1, 2:] & wide[1:-1, :-2] & wide[2:, 1:-1] & wide[:-2, 1:-1]
        assert (inside & ~out).sum() < 0.01 * person_pixels(true)


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (lambda: dance(4, built(32, **LONG_BODY), WHOLE)[3], "no frame shows the photo's pose"),
        (lambda: dance(2, 12, SMALL)[3], "they have the photo's lengths already|as near to the photo"),
        (lambda: paint(_turned_round(dance(2, 32, SMALL)[3])), "different sides"),
    ],
)
def test_limbs_keep_their_lengths_and_the_report_says_why(photo, words):
    fitted = fit_alignment(dance(2, 12, WHOLE), photo())
    assert fitted.rebuilt is None
    assert any(word in fitted.report for word in words.split("|"))


def _turned_round(frame: np.ndarray) -> np.ndarray:
    """The parts (H, W) of somebody who shows the back in the same pose."""
    front = {2: 1, 9: 7, 10: 8, 13: 11, 14: 12}
    parts = np.argmax((frame[..., None, :] == PART_COLOURS).all(-1), -1).astype(np.uint8)
    return np.array([front.get(part, part) for part in range(25)], np.uint8)[parts]


def test_limbs_follow_less_where_the_pose_is_only_about_the_photos():
    """One body, and a back in a pose that resembles it: what its limbs seem to differ, is the pose's."""
    frames = dance(6, 10, SMALL)
    fitted = fit_alignment(frames, dance(3, 10, SMALL, 3, back=True)[2])
    assert joint_error([fitted.apply(frame, number) for number, frame in enumerate(frames)], frames) < 2.5
    assert [sure_of(np.array([0.9, off])) for off in (0.1, 0.25, 0.3, 0.6)] == pytest.approx([1.0, 0.5, 0.0, 0.0])


def test_strength_is_a_part_of_every_factor():
    frames, photo = dance(2, 12, ASIDE), dance(2, built(32, **LONG_BODY), WHOLE)[2]
    whole, half = (fit_alignment(frames, photo, strength=part).rebuilt.bones for part in (1.0, 0.5))
    assert np.allclose(half.length**2, whole.length)


def test_joints_move_with_the_figure():
    limbs = limb_map(dance(2, 12, WHOLE, 1)[0])
    small = limb_map(moved(dance(2, 12, WHOLE, 1)[0], Similarity(0.8, 10, 20)))
    here, there = body(limbs), body(small)
    off = np.linalg.norm(here.start * 0.8 + [10, 20] - there.start, axis=-1)
    assert np.nanmax(off) < 1.5 and np.isfinite(off).sum() >= 12


def test_seams_of_blurred_colours_are_no_limbs():
    limbs = LIMB_OF[np.zeros((40, 40), np.uint8)]
    limbs[10:30, 10:30] = TORSO
    clean = limbs.copy()
    limbs[10:30, 10] = limbs[10, 10:30] = 9
    assert set(np.unique(without_seams(limbs))) == {0, TORSO}
    assert (without_seams(clean) == clean).all()
