"""What frames share is computed once, waits no longer than a window needs it, and only a few of it near the net."""

import pytest
import torch
from pack.magicanimate_core.method.per_frame import Parked, PerFrame
from pack.magicanimate_core.method.picking import picked, stretches
from pack.magicanimate_core.method.windows import needed_later, official_windows


def of_frames(frames, asked=None):
    """Two outputs of different shapes, all of whose numbers are the frame's own."""
    if asked is not None:
        asked.extend(frames)
    numbers = torch.tensor(frames, dtype=torch.float32)
    return [numbers[:, None, None, None].expand(-1, *shape).clone() for shape in ((1, 2, 2), (3, 1, 1))]


@pytest.mark.parametrize("room", [0, 1, 4, 12, 100])
@pytest.mark.parametrize("overlap", [0, 2, 5])
def test_every_frame_is_computed_once_and_waits_for_its_last_window(room, overlap):
    """Over a ring of windows; what is parked comes back as it was, and what is handed out is the caller's to change."""
    windows, asked, moves = official_windows(24, 8, overlap), [], []
    frames = PerFrame(park=lambda out: moves.append("park") or out + 1000, fetch=lambda out: out - 1000, room=room)
    for window, later in zip(windows, needed_later(windows), strict=True):
        moves.clear()
        outputs = frames.gather(window, later, lambda missing: of_frames(missing, asked))
        assert all(torch.equal(a, b) for a, b in zip(outputs, of_frames(window), strict=True))
        for output in outputs:
            output.zero_()
        near = [f for f, outputs in frames.waiting.items() if not isinstance(outputs, Parked)]
        assert len(near) <= room and len(moves) <= 1
    assert sorted(asked) == list(range(24)) and not frames.waiting


def test_what_is_parked_is_read_only_by_what_fetches_it():
    """It may still be on its way out. Frames that lie apart are asked for, as at the end of a ring."""
    parked, fetched = [], []

    def park(rows):
        parked.append(rows.clone())
        return parked[-1]

    def fetch(rows):
        fetched.append(any(rows.untyped_storage().data_ptr() == p.untyped_storage().data_ptr() for p in parked))
        return rows.clone()

    frames = PerFrame(park=park, fetch=fetch)
    frames.gather([0, 1, 2, 3], dict.fromkeys(range(4), 1), of_frames)
    outputs = frames.gather([0, 2, 3], {}, of_frames)
    assert all(torch.equal(a, b) for a, b in zip(outputs, of_frames([0, 2, 3]), strict=True))
    assert fetched and all(fetched)


def test_those_that_are_due_first_stay_near():
    """Of a ring's first window the end is for the next one, the beginning for the last."""
    windows, frames = official_windows(24, 8, 2), PerFrame(park=torch.clone, fetch=torch.clone, room=2)
    frames.gather(windows[0], needed_later(windows)[0], of_frames)
    assert {f: isinstance(outputs, Parked) for f, outputs in frames.waiting.items()} == {
        6: False,
        7: False,
        0: True,
        1: True,
    }


def test_what_is_read_twice_in_one_call_after_another_is_not_copied_again():
    """As where the host runs the halves of a window apart."""
    frames = PerFrame(park=pytest.fail, fetch=pytest.fail, room=4)
    for later in ({0: -1, 1: -1}, {}):
        outputs = frames.gather([0, 1], later, of_frames)
        assert all(torch.equal(a, b) for a, b in zip(outputs, of_frames([0, 1]), strict=True))
    assert not frames.waiting


def test_a_frame_that_stands_twice_in_a_window_is_computed_once():
    frames = PerFrame(park=torch.clone, fetch=torch.clone)
    out = frames.gather([3, 0, 3], {}, lambda missing: [torch.tensor(missing)])
    assert out[0].tolist() == [3, 0, 3] and not frames.waiting


@pytest.mark.parametrize("frames", [[0, 1, 2], [2], [5, 6, 7, 0, 1], [3, 3, 3], [6, 4, 2], [0, 2, 3, 7, 7]])
def test_picked_is_what_an_index_gives(frames):
    clip = torch.arange(24.0).view(8, 3)
    assert torch.equal(picked(clip, frames), clip[frames])
    assert [f for part in stretches(frames) for f in part] == frames


def test_neighbours_are_not_copied():
    clip = torch.arange(24.0).view(8, 3)
    assert picked(clip, [2, 3, 4]).data_ptr() == clip[2].data_ptr()
