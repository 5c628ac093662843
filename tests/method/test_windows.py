"""Windows cover every frame, for every length and overlap, and are those of the published code."""

import json
from collections import Counter

import pytest
import torch
from pack.magicanimate_core.method.windows import (
    SCHEDULES,
    Fusion,
    check_window,
    moved_on,
    needed_later,
    official_windows,
    pad_last,
    padded_length,
    paper_windows,
)
from pack.tests.shared import GOLDEN


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("length", [1, 2, 5, 16, 24])
def test_every_frame_is_covered(name, length):
    for frames in range(1, 301):
        total = padded_length(name, frames, length)
        assert total >= frames
        for overlap in {0, 1, length // 4, length - 1} & set(range(length)):
            windows = SCHEDULES[name].windows(total, length, overlap)
            assert {f for window in windows for f in window} == set(range(total))
            assert all(len(window) == min(length, total) or name == "paper" for window in windows)
            assert all(len(window) == length for window in windows) or total < length


def test_paper_windows_share_the_overlap():
    windows = paper_windows(100, 16, 4)
    assert len(windows) == -(-(100 - 16) // 12) + 1
    assert all(set(a) & set(b) == set(b[:4]) for a, b in zip(windows, windows[1:], strict=False))


def test_short_last_segment_is_padded_with_the_first_frames():
    assert paper_windows(6, 4, 1)[-1] == [3, 4, 5, 0]


def test_ring_wraps_to_the_first_frames():
    windows = official_windows(96, 16, 4)
    assert [w[0] for w in windows] == list(range(0, 96, 12))
    assert windows[-1] == [*range(84, 96), 0, 1, 2, 3]
    assert set(Counter(f for w in windows for f in w).values()) == {1, 2}


@pytest.mark.parametrize(("frames", "length", "overlap"), [(96, 16, 0), (96, 16, 4), (32, 16, 0), (21, 4, 1), (40, 8, 0)])
def test_windows_that_move_on_cover_every_frame_and_leave_no_seam_in_one_place(frames, length, overlap):
    windows, seams = paper_windows(frames, length, overlap), []
    for step in range(25):
        moved = moved_on(windows, step, frames)
        assert [len(window) for window in moved] == [len(window) for window in windows]
        assert {f for window in moved for f in window} == set(range(frames))
        assert all((b - a) % frames == 1 for window in moved for a, b in zip(window, window[1:], strict=False))
        seams.append(frozenset(window[0] for window in moved))
    assert moved_on(windows, 0, frames) == windows
    assert not any(a & b for a, b in zip(seams, seams[1:], strict=False)) or overlap
    assert len(set(seams[:4])) == 4 or length < 5


def test_one_window_stays_where_it_is():
    assert moved_on([[0, 1, 2]], 7, 3) == [[0, 1, 2]]


def test_official_windows_are_the_published_ones():
    path = GOLDEN / "public" / "meta.json"
    if not path.is_file():
        pytest.skip("no reference numbers beside this checkout (../shared/golden)")
    meta = json.loads(path.read_text())
    for overlap in (0, 4):
        for frames, windows in meta[f"windows_overlap{overlap}"].items():
            assert official_windows(int(frames), 16, overlap) == windows


def test_clips_are_padded_with_their_last_frame():
    clip = torch.arange(3.0)
    assert pad_last(clip, 5).tolist() == [0, 1, 2, 2, 2]


def test_frames_that_windows_share_are_averaged_by_weight():
    """Also where a frame stands twice in a window, and where several processes add their sums up."""
    windows, weights = [[0, 1, 2], [2, 3, 0], [3, 3, 1]], [torch.rand(3) + 0.1 for _ in range(3)]
    predictions = [torch.rand(3, 5) for _ in range(3)]
    halves = [Fusion(4, 5, torch.float64) for _ in range(2)]
    for i, window in enumerate(windows):
        halves[i % 2].add(window, predictions[i], weights[i])
    halves[0].sums += halves[1].sums
    for frame, mean in enumerate(halves[0].mean()):
        seen = [
            (p[i], w[i]) for p, w, x in zip(predictions, weights, windows, strict=True) for i in range(3) if x[i] == frame
        ]
        torch.testing.assert_close(mean.float(), sum(p * w for p, w in seen) / sum(w for _, w in seen))


def test_needed_later_is_what_coming_batches_ask_for_again():
    batches = [[0, 1, 2], [2, 3, 4], [4, 5, 0]]
    assert needed_later(batches) == [{0: 2, 2: 1}, {4: 2}, {}]


@pytest.mark.parametrize(
    ("length", "overlap", "limit", "words"),
    [
        (16, 16, None, "smaller than context_length"),
        (4, -1, None, "0..3"),
        (0, 0, None, "at least 1"),
        (25, 4, 24, "24 frames"),
    ],
)
def test_impossible_windows_are_refused(length, overlap, limit, words):
    with pytest.raises(ValueError, match=words):
        check_window(length, overlap, limit)
