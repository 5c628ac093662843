"""Poses are read once per run, as they are; those of a long clip at every step."""

import pytest
import torch
from pack.magicanimate_core.pipeline import hints
from pack.magicanimate_core.pipeline.conditions import PoseImages

HERE = torch.device("cpu")
FRAMES = [[3, 4, 5], [4, 5, 6, 7], [6, 7, 0, 1], [7, 7, 7]]  # of windows, the last one padded


class Read:
    """Poses that count how often each of them is read; laid as pictures are, or as torch has it."""

    def __init__(self, pictures: bool):
        generator = torch.Generator().manual_seed(1)
        images = torch.rand(8, 16, 24, 3, generator=generator).movedim(-1, 1)
        self.images, self.reads = images if pictures else images.contiguous(), []

    def __len__(self):
        return len(self.images)

    def __call__(self, frames):
        self.reads.extend(frames)
        return self.images[frames]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("pictures", [True, False])
def test_each_pose_is_read_once_and_stays_as_it_was(pictures, dtype):
    given = Read(pictures)
    kept = hints.kept_poses(given, HERE, dtype)
    given.reads.clear()
    for frames in FRAMES * 2:
        made, plain = kept(frames), given.images[frames].to(dtype)
        assert torch.equal(made, plain) and made.stride() == plain.stride()
    assert sorted(given.reads) == [0, 1, 3, 4, 5, 6, 7] and len(kept) == 8


def test_a_long_clip_is_not_kept(monkeypatch):
    given = Read(True)
    monkeypatch.setattr(hints, "KEPT_LIMIT", 8 * 3 * 16 * 24 * 4 - 1)
    assert hints.kept_poses(given, HERE, torch.float32) is given
    assert hints.kept_poses(given, HERE, torch.float16) is not given  # half as long


def test_images_that_lie_there_are_not_kept_twice():
    given = PoseImages(torch.rand(8, 3, 16, 24))
    assert hints.kept_poses(given, HERE, torch.float32) is given
