"""Labels that flicker are calmed, gaps are filled along the motion, and a clip of any length keeps little in memory."""

import itertools

import numpy as np
import pytest
from pack.magicanimate_core.media.densepose import BACKGROUND, paint
from pack.magicanimate_core.pose.preparing import PoseReport, prepare_poses
from pack.magicanimate_core.pose.steadying import LONGEST, filled, steadied
from pack.tests.pose import pictures as show

Y, X = np.argwhere(show.dancer()[0] == 2)[len(np.argwhere(show.dancer()[0] == 2)) // 2] - 2  # in the middle of the torso


def still(frames: int) -> list[np.ndarray]:
    return [show.dancer()[0].copy() for _ in range(frames)]


def person(top: int, left: int) -> np.ndarray:
    parts = np.zeros((64, 64), np.uint8)
    parts[top : top + 8, left : left + 4], parts[top + 2, left] = 2, 23
    return parts


def test_zero_is_the_identity():
    maps = list(show.dancer())
    assert all(a is b for a, b in zip(steadied(maps, 0), maps, strict=True))


@pytest.mark.parametrize(("steady", "long"), [(0.5, 1), (1.0, 1), (1.0, 2)])
def test_a_label_that_flickers_follows_its_neighbours(steady, long):
    maps = still(9)
    for parts in maps[4 : 4 + long : 2 if long > 1 else 1]:
        parts[Y : Y + 4, X : X + 4] = 7
    calmed = list(steadied(maps, steady))
    assert len(calmed) == 9 and all(np.array_equal(parts, show.dancer()[0]) for parts in calmed)


def test_what_moves_is_left():
    maps = [np.roll(person(20, 8), 8 * i, axis=1) for i in range(6)]
    assert all(np.array_equal(a, b) for a, b in zip(steadied(maps, 0.5), maps, strict=True))


def test_a_gap_is_filled_along_the_motion():
    empty = np.zeros((64, 64), np.uint8)
    made = list(filled([person(8, 8), empty, empty, empty, person(40, 24)]))
    assert [was for _, was in made] == [False, True, True, True, False]
    for (parts, _), (top, left) in zip(made, [(8, 8), (16, 12), (24, 16), (32, 20), (40, 24)], strict=True):
        assert np.array_equal(parts, person(top, left))


def test_ends_are_filled_with_the_nearest():
    empty = np.zeros((64, 64), np.uint8)
    made = [parts for parts, _ in filled([empty, person(8, 8), person(9, 9), empty, empty])]
    assert [np.array_equal(made[i], person(*at)) for i, at in enumerate([(8, 8), (8, 8), (9, 9), (9, 9), (9, 9)])] == [
        True
    ] * 5


@pytest.mark.parametrize(("gap", "fills"), [(LONGEST, True), (LONGEST + 1, False)])
def test_who_is_away_for_long_has_left(gap, fills):
    made = list(filled([person(8, 8), *[np.zeros((64, 64), np.uint8)] * gap, person(8, 8)]))
    assert len(made) == gap + 2 and sum(was for _, was in made) == gap * fills


def test_a_long_gap_does_not_wait_for_its_end():
    """Else all frames of a clip that shows nobody any more would lie in memory."""
    taken = []

    def maps():
        yield person(8, 8)
        for number in range(10 * LONGEST):
            taken.append(number)
            yield np.zeros((64, 64), np.uint8)

    for number, _ in enumerate(filled(maps())):
        assert len(taken) <= number + LONGEST + 2


def test_what_is_no_person_stays_in_a_gap_that_is_not_filled():
    speck = np.zeros((64, 64), np.uint8)
    speck[3, 3] = 5
    maps = [np.zeros((64, 64), np.uint8), speck] * LONGEST
    assert all(a is b for (a, _), b in zip(filled(maps), maps, strict=True))


def test_the_report_counts():
    parts = show.dancer()[[0, 0, 0, 0, 0]].copy()
    parts[2], parts[0, Y : Y + 4, X : X + 4] = 0, 7
    report = PoseReport()
    out = list(prepare_poses(paint(parts), report=report))
    assert (report.frames, report.empty, report.filled, report.people, report.form) == (5, 1, 1, 1, "viridis")
    assert np.array_equal(out[2], paint(parts[1])) and "filled: 1" in str(report)
    kept = list(prepare_poses(paint(parts), fill_gaps=False, steady=0))
    assert (kept[2] == BACKGROUND).all()


def test_two_people_are_two():
    both = np.concatenate([show.dancer(), show.dancer(11)], 2)
    report = PoseReport()
    list(prepare_poses(paint(both), report=report))
    assert report.people == 2


def test_an_endless_clip_streams():
    frames = itertools.cycle(paint(show.dancer()))
    out = list(itertools.islice(prepare_poses(frames), 100))
    assert len(out) == 100
