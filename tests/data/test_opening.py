"""What a text means as a source, and what it is told if it means none."""

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from pack.magicanimate_core.data import open_source
from pack.magicanimate_core.media.densepose import PART_COLOURS
from pack.tests.data.writing import CLIPS, NOISE, write_video


def mixed(folder: Path) -> Path:
    write_video(folder / "clip" / "video.mp4", NOISE)
    cv2.imwrite(str(folder / "a.png"), NOISE[0])
    return folder


def a_clip(folder: Path) -> Path:
    write_video(folder / "video.mp4", NOISE)
    return folder


def a_file(folder: Path, name: str, data: bytes = b"x") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def gzipped(folder: Path) -> Path:
    with tarfile.open(folder / "a.tar", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return folder / "a.tar"


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda folder: folder / "nothing", "does not exist; expected folders NAME/video.mp4"),
        (lambda folder: folder, "holds neither clips nor pictures nor shards"),
        (mixed, "holds clips and pictures; keep each in a folder of its own"),
        (a_clip, "is itself a clip; give the folder that holds it"),
        (lambda folder: a_file(folder, "a.txt"), "is a file; expected"),
        (lambda folder: a_file(folder, "a.tar"), "no whole, uncompressed tar"),
        (gzipped, "no whole, uncompressed tar"),
        (lambda folder: a_file(folder, "a.tar", bytes(10240)), "hold no samples"),
        (lambda folder: folder / "{0..1}.tar", "0.tar does not exist"),
        (lambda folder: folder / "*.tar", "0 shards hold no samples"),
        (lambda _: "dancers:train", "clips or stills"),
        (lambda _: "dancers:trian?clips=3", "expected a split"),
        (lambda _: "dancers:train?clips=many", "expected numbers"),
        (lambda _: "dancers:train?stills=3&frames=4", "not frames"),
        (lambda _: "dancers:train?clips=0", "above 0"),
    ],
)
def test_what_is_no_source_says_what_was_expected(tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        open_source(make(tmp_path))


def test_dancers_by_text():
    clips = open_source("dancers:train?clips=2&frames=13", height=32, width=48)
    assert clips == CLIPS
    stills = open_source("dancers:held_out?stills=3&size=32")
    picture = stills.read(2, [0])
    assert (len(stills), stills.length(0), stills.fps(0), picture.images.shape) == (3, 1, 0.0, (1, 32, 32, 3))
    assert np.isin(picture.poses.reshape(-1, 3).view("u1,u1,u1"), PART_COLOURS.view("u1,u1,u1")).all()
