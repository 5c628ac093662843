"""Which clips are cut from a video, and what of it the networks of FID, FID-VID and FVD see."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.evaluation.clips import (
    CLIP_FRAMES,
    I3D_LOOK,
    RESNET_LOOK,
    Look,
    resized,
    segments,
    whole_clip,
    windows,
)
from pack.magicanimate_core.evaluation.distances import DISTANCES, SAMPLE_LAYOUTS, batches, distance_features
from pack.tests.evaluation import published
from torch.nn import functional as F

SMALL = Look(4, (0.0, 0.0, 0.0), 1.0)


def film(numbers, height=5, width=6):
    """Frames that are all one grey, their number's."""
    return [(number, np.full((height, width, 3), number, np.uint8)) for number in numbers]


def times(clips):
    """Numbers that the clips hold."""
    return [clip[0, :, 0, 0].round().int().tolist() for clip in clips]


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 40])
def test_every_frame_with_fifteen_followers_starts_a_window(count):
    assert times(windows(film(range(count)), SMALL)) == [list(range(i, i + CLIP_FRAMES)) for i in range(max(0, count - 15))]


def test_a_missing_number_breaks_every_window_over_it():
    numbers = [*range(10), *range(11, 28), *range(30, 46)]
    assert [clip[0] for clip in times(windows(film(numbers), SMALL))] == [11, 12, 30]


@pytest.mark.parametrize("numbers", [[1, 2, 2], [3, 2]])
def test_numbers_must_rise(numbers):
    with pytest.raises(ValueError, match="expected frames in rising order"):
        list(windows(film(numbers), SMALL))


@pytest.mark.parametrize(("count", "last"), [(1, [0] * 16), (16, list(range(16))), (20, [16, 17, 18, 19] + [19] * 12)])
def test_segments_repeat_the_last_frame(count, last):
    cut = times(segments(film(range(count)), SMALL))
    assert len(cut) == -(-count // CLIP_FRAMES) and cut[-1] == last


def test_a_whole_video_is_one_clip_of_any_length():
    assert times(whole_clip(film([0, 1, 5]), SMALL)) == [[0, 1, 5]]
    assert not list(whole_clip([], SMALL)) and not list(segments([], SMALL))


def test_resizing_neither_clips_nor_rounds():
    """Edges between black and white overshoot both ways, as floats."""
    board = np.indices((30, 30)).sum(0) // 5 % 2 * np.uint8(255)
    small = resized(np.repeat(board[..., None].astype(np.uint8), 3, 2), 48)
    assert small.dtype == np.float32 and small.min() < -5 and small.max() > 260
    assert not np.allclose(small, small.round())


@pytest.mark.parametrize("shape", [(64, 64), (256, 200), (300, 400), (20, 700)])
def test_resizing_is_the_antialiased_bicubic(shape):
    """A second library agrees; the aspect is not kept."""
    frame = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    tensor = torch.from_numpy(frame).permute(2, 0, 1)[None].float()
    other = F.interpolate(tensor, (112, 112), mode="bicubic", antialias=True)[0].permute(1, 2, 0)
    assert np.abs(resized(frame, 112) - other.numpy()).max() < 2e-3


@pytest.mark.parametrize("grey", [0, 100, 255])
def test_scale_of_each_network(grey):
    frame = np.full((10, 10, 3), grey, np.uint8)
    assert np.allclose(RESNET_LOOK.frame(frame)[:, 0, 0], np.array([grey]) - (114.7748, 107.7354, 99.4750), atol=1e-4)
    assert np.allclose(I3D_LOOK.frame(frame), grey / 127.5 - 1, atol=1e-6)


class Mean(torch.nn.Module):
    """Two features: the means of the first and the last channel. Counts its inputs."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return x.flatten(2).mean(2)[:, ::2]


LONG = {"fid": (20, 20), "fid_vid": (5, 1), "fvd": (5, 1)}  # samples of 20 frames, by layout
SHORT = {"fid": (3, 3), "fid_vid": (0, 1), "fvd": (0, 1)}


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize(("layout", "column"), [("frames", 0), ("files", 1)])
def test_samples_of_a_video(name, layout, column):
    watcher = distance_features(name, Mean(), layout, "cpu")
    assert watcher.add("long", film(range(20))) == LONG[name][column]
    assert watcher.add("short", film(range(3))) == SHORT[name][column]
    assert watcher.features.count == LONG[name][column] + SHORT[name][column]
    assert set(watcher.features.videos) == {"long"} | ({"short"} if SHORT[name][column] else set())


def test_a_file_is_the_mean_of_its_segments():
    """16 frames of 0 to 15, then 16 to 19 with 19 twelve times more."""
    watcher = distance_features("fid_vid", Mean(), "files", "cpu")
    watcher.add("a", film(range(20)))
    expected = (7.5 + (16 + 17 + 18 + 13 * 19) / 16) / 2 - 114.7748
    assert watcher.features.rows()[0, 0] == pytest.approx(expected, abs=1e-4)


def test_frames_are_streamed():
    """No more of a video is read than the windows in one batch need."""
    watcher, read = distance_features("fid_vid", Mean(), "frames", "cpu"), []

    def frames():
        for number, frame in film(range(60)):
            read.append((number, watcher.network.calls))
            yield number, frame

    watcher.add("a", frames())
    batch = DISTANCES["fid_vid"].batch
    assert all(number <= CLIP_FRAMES + batch * (calls + 1) for number, calls in read)


def test_frames_of_other_sizes_are_seen_one_by_one():
    watcher = distance_features("fid", Mean(), "frames", "cpu")
    assert watcher.add("a", [*film(range(3)), *film(range(3, 5), 9, 9)]) == 5
    assert [len(b) for b in batches([np.ones(2)] * 5 + [np.ones(3)], 2)] == [2, 2, 1, 1]


@pytest.mark.parametrize("frame", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)])
def test_what_is_no_frame_is_refused(frame):
    with pytest.raises(ValueError, match=r"Frame 7 of clip is .*expected \(H, W, 3\) uint8"):
        distance_features("fid", Mean(), "frames", "cpu").add("clip", [(7, frame)])


def test_a_layout_that_is_none():
    with pytest.raises(ValueError, match="Layout 'gifs' is none of frames, files"):
        distance_features("fid", Mean(), "gifs", "cpu")


PUBLISHED = {"fid_vid": ("fid_vid", "frames"), "fid_vid_from_files": ("fid_vid", "files"),
             "fvd": ("fvd", "frames"), "fvd_from_files": ("fvd", "files")}  # fmt: skip


@pytest.mark.parametrize("key", PUBLISHED)
@pytest.mark.parametrize("name", ["small", "paper_size"])
def test_published_inputs(name, key):
    """What the networks were given, for the first video of each side."""
    distance, layout = PUBLISHED[key]
    for side in ("generated", "true"):
        video, frames = next(iter(published.videos(name)[side].items()))
        rows = [row for row in published.fed(name, key) if (row["side"], row["video"]) == (side, video)]
        clips = [clip.numpy() for clip in DISTANCES[distance].cut[layout](enumerate(frames, 1))]
        given = [np.stack(clips)] if layout == "files" else [clip[None] for clip in clips]
        assert len(given) == len(rows)
        for clip, row in list(zip(given, rows, strict=True))[:2]:
            assert list(clip.shape) == row["shape"]
            assert (clip.min(), clip.max()) == pytest.approx((row["min"], row["max"]), abs=1e-5)
            for place, value in row["pixels"].items():
                assert clip[tuple(map(int, place.strip("[]").split(",")))] == pytest.approx(value, abs=1e-5)
            means = clip[0].astype(np.float64).mean((0, 2, 3))
            assert np.allclose(means, row["frame_means"], atol=1e-4 if distance == "fid_vid" else 1e-6)


def test_layouts_are_those_of_the_table():
    assert all(tuple(row.cut) == SAMPLE_LAYOUTS for row in DISTANCES.values())
