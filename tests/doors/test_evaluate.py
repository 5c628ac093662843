"""Whoever compares videos gets numbers of what belongs together, or one sentence before anything is measured."""

import unicodedata
from functools import partial

import numpy as np
import pytest
from pack.tests.doors.evaluations import (
    A,
    B,
    beside,
    both,
    evaluated,
    folders,
    moving,
    renamed,
    resaved,
    sides,
    strips,
    videos,
    without,
)
from pack.tests.doors.table import Case, Refused, cases, passes
from pack.tests.evaluation.sets import save

L1 = float(np.abs(A.astype(float) - B).mean() / 255)
GREY_L1 = float(np.abs(A[..., 0].astype(float) - B[..., 0]).mean() / 255)


def l1(expected: float = L1, videos: tuple[str, ...] = ("clip",), compared: int | None = None):
    def check(found: dict) -> None:
        assert found["overall"]["l1"] == pytest.approx(expected, rel=1e-12)
        assert tuple(found["videos"]) == videos
        assert compared is None or found["frames"]["compared"] == compared

    return check


def first_of(frames: int, **videos: int):
    """Frames compared, all and by video; random videos have another L1."""

    def check(found: dict) -> None:
        assert found["frames"]["compared"] == frames
        assert {name: of["frames"] for name, of in found["videos"].items()} == videos

    return check


def nfd(folders: list) -> list:
    """The generated side's name in two letters where the true one has one."""
    for path in list(folders[0].iterdir()):
        path.rename(path.with_name(unicodedata.normalize("NFD", path.name)))
    return folders


LAYOUTS = (
    Case("flat frames", both, l1()),
    Case("a name as the TikTok set has them", partial(both, name="TiktokDance_001"), l1(videos=("TiktokDance_001",))),
    Case("a name with underscores", partial(both, name="my_own_clip_2"), l1(videos=("my_own_clip_2",))),
    Case("a name in Greek, with a dot", partial(both, name="χορός 2.5"), l1(videos=("χορός 2.5",))),
    Case("an é in two ways of writing", lambda root: nfd(both(root, name="é")), l1(videos=("é",))),
    Case("a name that begins with _ or -", partial(both, name="_-id#0#9"), l1(videos=("_-id#0#9",))),
    Case("folders of frames", folders, l1()),
    Case("folders of frames, images in them", partial(folders, inner="images"), l1()),
    Case("folders of frames with words before the number", partial(folders, pattern="frame_{:d}.png"), l1()),
    Case("videos", videos, l1()),
    Case("frames side by side in a picture", strips, l1(videos=("-id#000121#000250",))),
    Case("animated WebP", partial(moving, kind="webp"), l1(compared=3)),
    Case("animated WebP that ends in a number", partial(moving, kind="webp", name="a_01"), l1(videos=("a_01",), compared=3)),
    Case("animated PNG", partial(moving, kind="png"), l1(compared=3)),
    Case("videos against frames", lambda root: [videos(root / "a")[0], both(root / "b")[1]], l1()),
    Case("frames against videos", lambda root: [folders(root / "a")[0], videos(root / "b")[1]], l1()),
    Case(
        "frames from 0 against videos", lambda root: [both(root / "a", first=0)[0], videos(root / "b")[1]], l1()
    ),
    Case("videos of two kinds", lambda r: [videos(r / "a")[0], videos(r / "b", name="clip.mp4")[1]], l1()),
    Case("notes and hidden files beside", lambda root: beside(beside(both(root), "notes.txt"), ".DS_Store"), l1()),
    Case("one frame", partial(both, made=A[:1], true=B[:1]), l1(float(np.abs(A[0].astype(float) - B[0]).mean() / 255))),
    Case("PNG in capitals", lambda r: renamed(both(r), 0, "clip_0002.png", "clip_0002.PNG"), l1()),
    Case("numbers without zeros", lambda r: renamed(both(r), 0, "clip_0002.png", "clip_2.png"), l1()),
    Case("grey", lambda root: resaved(root, "L"), l1(GREY_L1)),
    Case("grey of 16 bits", lambda root: resaved(root, "I;16"), l1(GREY_L1)),
    Case("alpha that hides nothing", lambda root: resaved(root, "RGBA"), l1(GREY_L1)),
    Case("alpha that shows", lambda root: resaved(root, "clear"), Refused("clip_0001.png has an alpha channel")),
    Case("no such folder", lambda r: [r / "nowhere", both(r)[1]], Refused("GENERATED is .*nowhere, which does not exist")),
    Case("a file", lambda r: [both(r)[0], both(r)[1] / "clip_0001.png"], Refused("TRUE is .*which is a file")),
    Case("an empty folder", lambda r: [save(r / "none", A[:0]), both(r)[1]], Refused("holds no videos and no frames")),
    Case("an empty folder of a video", lambda r: beside(folders(r), "logs/x.txt"), Refused("logs holds no frames")),
    Case("a folder of one video's frames", lambda r: [save(r / "x", A), both(r)[1]], Refused("without a video's name")),
    Case("a picture without a number", lambda r: beside(both(r), "cover.png"), Refused("cover.png without")),
    Case("pictures of a kind that is not read", lambda r: beside(both(r), "clip_0004.psd"), Refused("of a kind that")),
    Case("frames beside folders", lambda r: [save(folders(r)[0], A, "b_{}.png"), r / "true"], Refused("folders and frames")),
    Case("a frame twice", lambda r: [save(both(r)[0], A[:1], "clip_{}.png"), r / "true"], Refused("two files for frame 1")),
    Case("a video twice", lambda r: [videos(r)[0], videos(r, name="clip.mp4")[1]], Refused("two videos of the name clip")),
    Case("something that is no picture", lambda r: beside(both(r), "clip_0001.png", b"<html>"), Refused("it is a web page")),
)  # fmt: skip


@cases(*LAYOUTS)
def test_layouts(case, tmp_path):
    (tmp_path / "in").mkdir()
    arguments = case.brings(tmp_path / "in")
    passes(case, lambda: evaluated(tmp_path / "out", [*arguments, "--metrics", "l1"]))
    assert isinstance(case.out, Refused) != (tmp_path / "out" / "metrics.json").exists()


DIFFERS = "GENERATED has the video b where TRUE has a"
PAIRS = (
    Case("the last video shorter", lambda r: sides(r, {"a": 3, "b": 2}, {"a": 3, "b": 3}), first_of(5, a=3, b=2)),
    Case("the last video longer", lambda r: sides(r, {"a": 3, "b": 4}, {"a": 3, "b": 3}), first_of(6, a=3, b=3)),
    Case("the last video missing", lambda r: sides(r, {"a": 3}, {"a": 3, "b": 3}), first_of(3, a=3)),
    Case("the first video shorter", lambda r: sides(r, {"a": 2, "b": 3}, {"a": 3, "b": 3}), Refused("a has 2 frames .* 3")),
    Case("longer, and the next missing", lambda r: sides(r, {"a": 4}, {"a": 3, "b": 3}), Refused("a has 4 frames .* 3")),
    Case("the first video missing", lambda r: sides(r, {"b": 3}, {"a": 3, "b": 3}), Refused(DIFFERS)),
    Case("no name in common", lambda r: sides(r, {"x": 3}, {"a": 3, "b": 3}), Refused(r"No video .* \(x; a, b\)")),
    Case("a name in other letters", lambda r: sides(r, {"Clip": 3}, {"clip": 3}), Refused("No video of GENERATED")),
    Case("counted from 0 and 1", lambda r: [both(r, first=0)[0], both(r / "1")[1]], Refused("frame 0 .* TRUE has .* 1")),
    Case("a frame missing in the middle", lambda r: without(both(r), "clip_0002.png"), Refused("frame 3 .* TRUE has .* 2")),
    Case("a frame missing on both sides", lambda r: without(both(r), "clip_0002.png")[:1] * 2, first_of(2, clip=2)),
    Case("a frame missing at the end", lambda r: without(both(r), "clip_0003.png"), first_of(2, clip=2)),
    Case(
        "frames with a gap against a video", lambda r: [without(both(r), "clip_0002.png")[0], videos(r / "v")[1]],
        Refused("clip lacks frame 2 in GENERATED, and the other side is a video"),
    ),
    Case("what both have", lambda r: [*sides(r, {"b": 3, "x": 1}, {"a": 3, "b": 2}), "--common"], first_of(2, b=2)),
    Case("what both have: nothing", lambda r: [*sides(r, {"x": 1}, {"a": 3}), "--common"], Refused("No video of GENERATED")),
    Case("other names, no pairs", lambda r: [*sides(r, {"x": 1}, {"a": 3}), "--metrics", "fid"], Refused("--networks")),
)  # fmt: skip


@cases(*PAIRS)
def test_pairs(case, tmp_path):
    arguments = case.brings(tmp_path)
    metrics = [] if "--metrics" in arguments else ["--metrics", "l1"]
    passes(case, lambda: evaluated(tmp_path / "out", [*arguments, *metrics]))


def test_out_is_not_what_is_compared(tmp_path):
    made, true = both(tmp_path)
    with pytest.raises(ValueError, match="--out is .* which holds what is compared"):
        evaluated(made, [made, true])
    assert sorted(path.name for path in made.iterdir()) == [f"clip_000{i}.png" for i in (1, 2, 3)]


def test_out_that_cannot_be_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Nothing can be written to"):
        evaluated(tmp_path / "file" / "out", both(tmp_path))
