"""Who is drawn on top stays on top, however a net orders people from frame to frame."""

import numpy as np
import pytest
from pack.magicanimate_core.pose.order import MISSED_FRAMES, DrawingOrder, overlaps


def box(x, y=20.0, width=30.0, height=80.0):
    return np.array([x, y, x + width, y + height])


def names_drawn(clip, jitter=0.0):
    """Draws a clip, frames of {name: box} in the net's order; the names in the order in which they are drawn, per frame."""
    order, noise, drawn = DrawingOrder(), np.random.default_rng(0), []
    for frame in clip:
        boxes = np.array([b + noise.normal(0, jitter, 4) for b in frame.values()]).reshape(-1, 4)
        drawn.append([list(frame)[i] for i in order(boxes)])
    return drawn


def either_way(frame, flip):
    return dict(reversed(frame.items())) if flip else frame


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_two_people_who_cross(jitter):
    clip = [either_way({"ann": box(4 * i), "bob": box(160 - 4 * i, 26, 34, 76)}, i % 2) for i in range(40)]
    assert names_drawn(clip, jitter) == [["ann", "bob"]] * 40


def test_the_first_frame_is_in_the_nets_order():
    clip = [{"c": box(0), "a": box(200), "b": box(100)}]
    assert names_drawn(clip) == [["c", "a", "b"]]


def test_who_was_missed_for_some_frames_has_the_old_place():
    clip = [{"ann": box(0), "bob": box(20)}, *[{"bob": box(20)}] * 5, {"bob": box(20), "ann": box(0)}]
    assert names_drawn(clip)[-1] == ["ann", "bob"]


def test_nobody_keeps_a_place_for_ever():
    clip = [{"ann": box(0), "bob": box(20)}, *[{}] * (MISSED_FRAMES + 1), {"bob": box(20), "ann": box(0)}]
    assert names_drawn(clip)[-1] == ["bob", "ann"]


def test_who_comes_in_takes_the_place_the_net_gives():
    clip = [{"ann": box(0), "bob": box(100)}, {"ann": box(0), "cem": box(300), "bob": box(100)}]
    clip.append(dict(reversed(clip[-1].items())))
    assert names_drawn(clip)[1:] == [["ann", "cem", "bob"]] * 2
    assert names_drawn([{}, {"ann": box(0)}, {"bob": box(200), "ann": box(0)}])[2] == ["bob", "ann"]


def test_everybody_is_drawn_once():
    noise = np.random.default_rng(1)
    order = DrawingOrder()
    for _ in range(60):
        boxes = noise.uniform(0, 100, (noise.integers(0, 6), 4))
        boxes[:, 2:] += boxes[:, :2]
        assert sorted(order(boxes)) == list(range(len(boxes)))


def test_overlaps():
    boxes = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [3, 3, 3, 3]])
    shared = overlaps(boxes, boxes)
    assert np.allclose(np.diag(shared), [1, 1, 1, 0]) and np.isclose(shared[0, 1], 1 / 3) and shared[0, 2] == 0
