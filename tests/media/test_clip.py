"""A pose video in windows: any frame, at any size, in bounded memory, decoded in one go."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.media.blobs import Blob, Unreadable
from pack.magicanimate_core.media.clip import PoseClip
from pack.magicanimate_core.media.images import fit_poses
from pack.magicanimate_core.media.reading import Video, read_frames
from pack.tests.data.writing import NOISE, write_video


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "a.mp4"
    write_video(path, NOISE, fps=30)
    return path


def test_any_frame_in_any_order(path):
    clip, (frames, fps) = PoseClip(path, keep=4), read_frames(path)
    assert len(clip) == len(frames) == 13 and clip.fps == fps == 30 and clip.size == (48, 32)
    for numbers in ([0, 1, 2], [10, 11], [3], [12, 0, 5], [5, 4, 4], list(range(13))):
        assert torch.equal(clip(numbers), frames[numbers].movedim(-1, 1))
        assert len(clip.recent) <= 4


@pytest.mark.parametrize("size", [(0, 0), (64, 16), (16, 64)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_any_size(path, size, fit):
    clip, (frames, _) = PoseClip(path), read_frames(path)
    clip.resize(*size, fit)
    assert torch.equal(clip([2, 9]), fit_poses(frames[[2, 9]], clip.width, clip.height, fit).movedim(-1, 1))


def test_a_step_decodes_a_long_clip_once(tmp_path, monkeypatch):
    """Windows that overlap, in order, the last one with the first frames again: two steps begin to decode three times."""
    count, begun = 300, []
    write_video(tmp_path / "a.mp4", np.random.default_rng(0).integers(0, 255, (count, 16, 16, 3), np.uint8), g="250")
    decode = Video.decode
    monkeypatch.setattr(Video, "decode", lambda self, numbers: begun.append(numbers[0]) or decode(self, numbers))
    clip = PoseClip(tmp_path / "a.mp4", keep=32)
    for _ in range(2):
        for start in range(0, count, 12):
            clip([i % count for i in range(start, start + 16)])
            assert len(clip.recent) <= 32
    assert begun == [0, 0, 0]


def test_windows_with_gaps_do_not_begin_anew(path, monkeypatch):
    begun, decode = [], Video.decode
    monkeypatch.setattr(Video, "decode", lambda self, numbers: begun.append(numbers[0]) or decode(self, numbers))
    clip = PoseClip(path, keep=8)
    for numbers in ([0, 2, 4], [4, 6, 8], [9, 12]):
        clip(numbers)
    assert begun == [0]


def test_what_is_no_video_is_refused_by_name(tmp_path):
    (tmp_path / "a.mp4").write_text("<!doctype html>")
    (tmp_path / "b.mp4").touch()
    for name, words in (("a.mp4", "web page"), ("b.mp4", "empty"), ("c.mp4", "No such file")):
        with pytest.raises(ValueError, match=f"{name} cannot be read as a video.*{words}"):
            PoseClip(tmp_path / name)
    with pytest.raises(Unreadable):
        len(Video(Blob("a.mp4", tmp_path / "a.mp4")))
