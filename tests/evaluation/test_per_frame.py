"""Metrics of single frames: the official code's numbers, closed forms, and what must not change them."""

import math

import numpy as np
import pytest
from pack.magicanimate_core.evaluation.averages import means
from pack.magicanimate_core.evaluation.comparison import compare
from pack.magicanimate_core.evaluation.pairs import ClipPair
from pack.magicanimate_core.evaluation.per_frame import METRICS, FramePair, at_size, frame_values, grey
from pack.tests.evaluation.sets import ArrayClip, frames, golden_set

KEYS = [key for key, metric in METRICS.items() if metric.needs != "vgg"]
WITHOUT_MASKS = [key for key in KEYS if not METRICS[key].needs]
TOLERANCE = {"ssim_disco": 1e-9, "ssim_gaussian": 1e-9}  # else 1e-12


def pairs(videos) -> tuple[list[ClipPair], dict[str, ArrayClip]]:
    made = [
        ClipPair(ArrayClip(name, made), ArrayClip(name, true), min(len(made), len(true))) for name, true, made, _ in videos
    ]
    return made, {name: ArrayClip(name, np.repeat(mask[..., None], 3, -1)) for name, _, _, mask in videos}


@pytest.mark.parametrize("name", ["small", "paper_size"])
def test_the_official_numbers(name):
    videos, official = golden_set(name)
    values = compare(*pairs(videos)[:1], KEYS, pairs(videos)[1])
    found = means(values, KEYS, seed=0)
    rows = np.concatenate(list(values.values()))  # (F, K)
    for i, key in enumerate(KEYS):
        near = {"abs": TOLERANCE.get(key, 1e-12), "rel": TOLERANCE.get(key, 1e-12), "nan_ok": True}
        expected = [math.nan if frame[key] is None else frame[key] for frame in official["frames"]]
        assert rows[:, i] == pytest.approx(expected, **near), key
        assert found.overall[key] == pytest.approx(official["overall"][key], **near), key
        for video, numbers in official["videos"].items():
            assert found.videos[video][key] == pytest.approx(numbers[key], **near), (video, key)


def one(key: str, made: np.ndarray, true: np.ndarray, mask: np.ndarray | None = None) -> float:
    return METRICS[key].of(FramePair(made, true, mask))


@pytest.mark.parametrize("error", [1, 5, 16, 100])
def test_a_constant_error(error):
    true = np.random.default_rng(0).integers(0, 155, (16, 12, 3), np.uint8)
    made = true + np.uint8(error)
    assert one("l1", made, true) == pytest.approx(error / 255, abs=1e-15)
    assert one("l1_disco", made, true) == pytest.approx(error / (16 * 12), abs=1e-15)
    assert one("psnr", made, true) == pytest.approx(20 * math.log10(255 / error), abs=1e-12)
    assert one("psnr_disco_2024", made, true) == one("psnr", made, true)
    wrapped = error * error % 256
    expected = 20 * math.log10(255 / math.sqrt(wrapped)) if wrapped else 100
    assert one("psnr_disco_2023", made, true) == pytest.approx(expected, abs=1e-12)


def test_equal_frames():
    true = frames(1)[0]
    values = dict(zip(WITHOUT_MASKS, frame_values(FramePair(true, true), WITHOUT_MASKS), strict=True))
    assert math.isnan(values.pop("psnr")), "infinite, and so no part of a mean"
    assert values == {
        "l1": 0, "l1_disco": 0, "psnr_disco_2023": 100, "psnr_disco_2024": 100, "ssim_disco": 1, "ssim_gaussian": 1,
    }  # fmt: skip


def test_frames_that_overflow_to_nothing_read_as_equal():
    """Every difference a multiple of 16 squares to 0 in 8 bits."""
    true = np.full((16, 16, 3), 7, np.uint8)
    made = true + np.uint8(48)
    assert one("psnr_disco_2023", made, true) == 100 and one("psnr", made, true) < 15


def test_the_published_l1_follows_from_the_other():
    made, true = frames(2, 20, 30)
    assert one("l1_disco", made, true) == pytest.approx(255 * one("l1", made, true) / (20 * 30), rel=1e-12)


def test_foregrounds():
    made, true = frames(2)
    whole, nothing = np.ones((16, 16), bool), np.zeros((16, 16), bool)
    assert one("l1_foreground", made, true, whole) == pytest.approx(one("l1", made, true), rel=1e-12)
    assert one("l1_masked_disco", made, true, whole) == pytest.approx(one("l1_disco", made, true), rel=1e-12)
    assert math.isnan(one("l1_foreground", made, true, nothing)) and one("l1_masked_disco", made, true, nothing) == 0
    half = whole.copy()
    half[:, 8:] = False
    assert one("l1_foreground", made, true, half) == pytest.approx(one("l1", made[:, :8], true[:, :8]), rel=1e-12)


def test_grey_is_opencvs():
    cv2 = pytest.importorskip("cv2")
    frame = frames(1, 64, 64)[0]
    assert np.array_equal(grey(frame), cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY))


def test_another_size_is_brought_to_the_true_one_without_antialias():
    """Every second pixel's corners: the mean of the middle four of a block of 4 x 4, where antialias would take all."""
    made = np.zeros((16, 16, 3), np.uint8)
    made[::4, ::4] = 255  # corners of blocks, which bilinear at a quarter of the size does not touch
    assert at_size(made, np.zeros((4, 4, 3), np.uint8)).max() == 0
    assert at_size(made, made) is made


def test_means_weigh_frames_and_not_videos():
    values = {"long": np.full((30, 1), 1.0), "short": np.full((10, 1), 5.0)}
    found = means(values, ["l1"], seed=0)
    assert found.overall["l1"] == 2 and {name: of["l1"] for name, of in found.videos.items()} == {"long": 1, "short": 5}
    low, high = found.intervals["l1"]
    assert (low, high) == (1, 5), "drawn twice the long one, or twice the short one"


def test_undefined_values_are_in_no_mean_and_counted():
    values = {"a": np.array([[1.0], [math.nan]]), "b": np.array([[math.nan]])}
    found = means(values, ["psnr"], seed=0)
    assert found.overall["psnr"] == 1 and math.isnan(found.videos["b"]["psnr"]) and found.left_out == {"psnr": 2}


def test_intervals_are_of_videos():
    """Frames of a video that are all alike make no interval narrower; one video has none; a seed gives the same again."""
    generator = np.random.default_rng(1)
    few = {str(i): np.array([[value]]) for i, value in enumerate(generator.normal(size=20))}
    many = {name: np.repeat(of, 50, 0) for name, of in few.items()}
    first, second = means(few, ["l1"], seed=3), means(many, ["l1"], seed=3)
    assert first.intervals["l1"] == pytest.approx(second.intervals["l1"])
    assert means(few, ["l1"], seed=3) == first != means(few, ["l1"], seed=4)
    assert means({"a": few["0"]}, ["l1"], seed=0).intervals == {}
    low, high = first.intervals["l1"]
    spread = 1.96 * np.std([of.item() for of in few.values()]) / math.sqrt(20)
    assert high - low == pytest.approx(2 * spread, rel=0.1)


def test_an_interval_of_equal_videos_is_a_point():
    values = {name: np.full((3, 1), 2.5) for name in "abc"}
    assert means(values, ["l1"], seed=0).intervals["l1"] == (2.5, 2.5)
