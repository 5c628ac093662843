"""Folders and shards: the same draw gives the same frames from every layout, and what is broken says so by name."""

import pickle
import shutil
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from pack.magicanimate_core.data import BadItem, open_source
from pack.magicanimate_core.data.shards import expand, split_key
from pack.tests.data.writing import CLIPS, DRAWS, NOISE, equal, write_video


@pytest.mark.parametrize("layout", ["frames", "pictures"])
def test_pictures_equal_what_was_drawn(layouts, layout):
    source = open_source(layouts / layout)
    assert (len(source), source.name(1)) == (2, CLIPS.name(1))
    for frames in DRAWS if layout == "frames" else ([0], [0, 0]):
        assert equal(source.read(1, frames), CLIPS.read(1, frames))


@pytest.mark.parametrize("a, b", [("videos", "clips_{0..1}.tar"), ("videos", "clips_*.tar"), ("pictures", "pictures.tar")])
def test_shards_equal_folders(layouts, a, b):
    a, b = open_source(layouts / a), open_source(layouts / b)
    for item in range(2):
        assert (a.name(item), a.length(item), a.fps(item)) == (b.name(item), b.length(item), b.fps(item))
        for frames in DRAWS if a.length(item) > 1 else ([0],):
            assert equal(a.read(item, frames), b.read(item, frames))


def test_sources_are_pure_and_travel_to_loader_processes(layouts):
    for source in (open_source(layouts / "videos"), open_source(layouts / "clips_0.tar"), CLIPS):
        first = source.read(0, [3, 8])
        source.read(0, [0])
        assert equal(first, source.read(0, [3, 8])) and equal(first, pickle.loads(pickle.dumps(source)).read(0, [3, 8]))


def test_times(layouts):
    assert [open_source(layouts / name).fps(0) for name in ("videos", "pictures")] == [25.0, 0.0]
    assert open_source(layouts / "frames", fps=12.0).fps(0) == 12.0


@pytest.mark.parametrize("frames", [[13], [-1], []])
def test_frames_that_are_not_there(layouts, frames):
    for source in (open_source(layouts / "videos"), CLIPS):
        with pytest.raises(IndexError, match=r"0\.\.12"):
            source.read(0, frames)


def cut_off(clip: Path, **options) -> None:
    path = clip / "densepose.mp4"
    write_video(path, NOISE, **options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])


def other_size(clip: Path) -> None:
    write_video(clip / "densepose.mp4", NOISE[:, :16])


def scrambled(clip: Path) -> None:
    path = clip / "densepose.mp4"
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start : data.index(b"moov")] = bytes(data.index(b"moov") - start)
    path.write_bytes(data)


def another_video(clip: Path) -> None:
    shutil.copy(clip / "densepose.mp4", clip / "densepose.mkv")


BROKEN = {
    "cut off, index at the end": (cut_off, "cannot be read as a video"),
    "cut off, index in front": (lambda clip: cut_off(clip, movflags="faststart"), "cut off|cannot be read|damaged"),
    "scrambled": (scrambled, "cannot be read as a video|damaged"),
    "missing densepose": (lambda clip: (clip / "densepose.mp4").unlink(), "has no densepose"),
    "missing video": (lambda clip: (clip / "video.mp4").unlink(), "has no video"),
    "shorter densepose": (lambda clip: write_video(clip / "densepose.mp4", NOISE[:9]), "13 frames.* 9 in the DensePose"),
    "other size": (other_size, "48x32.*48x16"),
    "web page": (lambda clip: (clip / "densepose.mp4").write_text("<!DOCTYPE html><p>404"), "is a web page"),
    "LFS pointer": (lambda clip: (clip / "video.mp4").write_text("version https://git-lfs.github.com"), "Git LFS pointer"),
    "empty": (lambda clip: (clip / "video.mp4").write_bytes(b""), "is empty"),
    "two": (another_video, "more than one densepose"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_clip_says_its_name_and_why(tmp_path, layouts, how):
    shutil.copytree(layouts / "videos", tmp_path / "clips")
    break_it, reason = BROKEN[how]
    break_it(tmp_path / "clips" / CLIPS.name(0))
    source = open_source(tmp_path / "clips")
    with pytest.raises(BadItem, match=reason) as bad:
        source.read(0, [0, 12])
    assert bad.value.name == CLIPS.name(0) and bad.value.reason.endswith(".")
    assert len(source.read(1, [0]).images) == 1  # the other one is fine


def test_broken_pictures(tmp_path, layouts):
    shutil.copytree(layouts / "pictures", tmp_path / "pictures")
    (tmp_path / "pictures" / "no_pose.jpg").write_bytes(b"")
    (tmp_path / "pictures" / "no_picture_densepose.png").write_bytes(b"")
    (tmp_path / "pictures" / f"{CLIPS.name(0)}.png").write_text("<html>")
    clear = np.zeros((32, 48, 4), np.uint8)
    cv2.imwrite(str(tmp_path / "pictures" / f"{CLIPS.name(1)}.png"), clear)
    source = open_source(tmp_path / "pictures")
    reasons = {}
    for item in range(len(source)):
        with pytest.raises(BadItem) as bad:
            source.read(item, [0])
        reasons[bad.value.name] = bad.value.reason
    expected = {"no_pose": "no densepose", "no_picture": "no video", CLIPS.name(0): "web page", CLIPS.name(1): "transparent"}
    assert {name: text for name, text in expected.items() if text in reasons[name]} == expected and len(source) == 4


def test_a_shard_that_ends_early(tmp_path, layouts):
    whole = (layouts / "clips_0.tar").read_bytes()
    with tarfile.open(layouts / "clips_0.tar") as tar:
        last = tar.getmembers()[-1]
    (tmp_path / "cut.tar").write_bytes(whole[: last.offset_data + last.size // 2])
    with pytest.raises((ValueError, BadItem), match="cut"):
        open_source(tmp_path / "cut.tar").read(0, [0])


def test_patterns_and_keys():
    assert [str(path) for path in expand("s/{08..10}_{a,b}.tar")] == [
        f"s/{i}_{x}.tar" for i in ("08", "09", "10") for x in "ab"
    ]
    assert split_key("a.b/c.video.mp4") == ("a.b/c", "video.mp4")
