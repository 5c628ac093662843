"""What frames share is computed once, and waits no longer than a window needs it."""

import torch
from pack.magicanimate_core.method.per_frame import PerFrame
from pack.magicanimate_core.method.windows import needed_later, official_windows


def test_every_frame_is_computed_once_and_waits_for_its_last_window():
    """Two outputs of different widths over a ring of windows; what is parked comes back as it was."""
    windows, asked, waiting = official_windows(24, 8, 2), [], []
    frames = PerFrame(park=lambda out: out + 1000, fetch=lambda out: out - 1000)

    def compute(missing):
        asked.extend(missing)
        return [torch.tensor(missing)[:, None].expand(-1, width).float() for width in (1, 3)]

    for window, later in zip(windows, needed_later(windows), strict=True):
        narrow, wide = frames.gather(window, later, compute)
        assert narrow[:, 0].tolist() == window and wide.shape == (8, 3)
        waiting.append(len(frames.waiting))
    assert sorted(asked) == list(range(24))
    assert max(waiting) <= 2 + 6 and waiting[-1] == 0


def test_a_frame_that_stands_twice_in_a_window_is_computed_once():
    frames = PerFrame(park=torch.clone, fetch=torch.clone)
    out = frames.gather([3, 0, 3], (), lambda missing: [torch.tensor(missing)])
    assert out[0].tolist() == [3, 0, 3] and not frames.waiting
