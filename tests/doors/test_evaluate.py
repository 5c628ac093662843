"""Whoever compares videos gets numbers of what belongs together, or one sentence before anything is measured."""

import unicodedata
from functools import partial

import numpy as np
import pytest
from pack.magicanimate_core.evaluation.sizes import square
from pack.tests.doors.evaluations import (
    A,
    B,
    beside,
    both,
    evaluated,
    folders,
    joints,
    masked,
    moving,
    renamed,
    resaved,
    sides,
    strips,
    videos,
    without,
)
from pack.tests.doors.table import Case, Refused, cases, passes
from pack.tests.evaluation.sets import frames, save

L1 = float(np.abs(A.astype(float) - B).mean() / 255)
GREY_L1 = float(np.abs(A[..., 0].astype(float) - B[..., 0]).mean() / 255)


def l1(expected: float = L1, videos: tuple[str, ...] = ("clip",), compared: int | None = None):
    def check(found: dict) -> None:
        assert found["overall"]["l1"] == pytest.approx(expected, rel=1e-12)
        assert tuple(found["videos"]) == videos
        assert compared is None or found["frames"]["compared"] == compared

    return check


def says(key: str, words: str):
    """The metric is named as missing with these words, and L1 is there."""

    def check(found: dict) -> None:
        assert words in found["missing"][key] and "l1" in found["overall"] and key not in found["overall"]

    return check


def undefined(*keys: str):
    def check(found: dict) -> None:
        for key in keys:
            assert found["overall"][key] is None and found["left_out"][key] == found["frames"]["compared"]

    return check


def first_of(frames: int, **videos: int):
    """Frames compared, all and by video; random videos have another L1."""

    def check(found: dict) -> None:
        assert found["frames"]["compared"] == frames
        assert {name: of["frames"] for name, of in found["videos"].items()} == videos

    return check


def has(**expected):
    """Numbers of `joints` or `identity`."""

    def check(found: dict) -> None:
        group = found.get("joints", {}) | found.get("identity", {})
        assert {key: group[key] for key in expected} == pytest.approx(expected)

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


def sized(root, made: tuple[int, int], true: tuple[int, int], *more) -> list:
    """Frames of two sizes, (height, width)."""
    return [*both(root, frames(2, *made), frames(2, *true, seed=1)), *more]


def squares(size: int):
    """L1 between centred squares of sized(...)."""

    def check(found: dict) -> None:
        made, true = (np.stack([square(frame, size) for frame in frames(2, *shape, seed=seed)])
                      for seed, shape in enumerate(((40, 40), (20, 30))))  # fmt: skip
        assert found["overall"]["l1"] == pytest.approx(np.abs(made.astype(float) - true).mean() / 255, rel=1e-12)

    return check


MASK = np.zeros((3, 16, 16), np.uint8)
MASK[:, :8] = 255
INSIDE = float(np.abs(A[:, :8].astype(float) - B[:, :8]).mean() / 255)


def foreground(expected: float):
    def check(found: dict) -> None:
        assert found["overall"]["l1_foreground"] == pytest.approx(expected, rel=1e-12)
        assert found["overall"]["l1_masked_disco"] == pytest.approx(expected * 255 / 256 / 2, rel=1e-12)

    return check


FRAMES = (
    Case("another size", lambda r: sized(r, (40, 40), (20, 20)), says("lpips", "vgg16-397923af.pth")),
    Case("frames too small for a window", lambda r: sized(r, (8, 8), (8, 8)), says("ssim_gaussian", "of 11x11 or more")),
    Case("at one size", lambda r: sized(r, (40, 40), (20, 30), "--size", 16, "--generated-size", 16), squares(16)),
    Case("a size that is none", lambda r: sized(r, (16, 16), (16, 16), "--size", -1), Refused("the size is -1")),
    Case("equal videos", lambda r: [both(r)[0]] * 2, undefined("psnr")),
    Case("masks", lambda r: masked(r, MASK), foreground(INSIDE)),
    Case("masks of 0 and 1", lambda r: masked(r, MASK // 255), foreground(INSIDE)),
    Case("masks with soft edges", lambda r: masked(r, np.clip(MASK, 40, 200)), foreground(INSIDE)),
    Case("masks that are empty", lambda r: masked(r, MASK * 0), undefined("l1_foreground")),
    Case("masks of neither", lambda r: masked(r, MASK // 5), Refused("at most 51 bright; expected 0 and 255")),
    Case("masks of another size", lambda r: masked(r, MASK[:, :8]), Refused("mask of the first frame of clip is 16x8")),
    Case("masks of another video", lambda r: masked(r, MASK, "other"), Refused("--masks has none of the video clip")),
    Case("a mask too few", lambda r: masked(r, MASK[:2]), Refused("has not the frames of clip")),
    Case("masks asked for", lambda r: [*both(r), "--metrics", "l1,l1_foreground"], says("l1_foreground", "--mask")),
    Case("no such metric", lambda r: [*both(r), "--metrics", "l1,ssim"], Refused("--metrics has ssim; expected some")),
    Case("no metric", lambda r: [*both(r), "--metrics", ","], Refused("--metrics is empty")),
    Case("no networks", both, says("fvd", "i3d_pretrained_400.pt is missing in the folder that --networks names")),
    Case("only what needs networks", lambda r: [*both(r), "--metrics", "lpips"], Refused("vgg16-397923af.pth is missing")),
    Case("networks that are no folder", lambda r: [*both(r), "--networks", r / "x"], Refused("x, which is no folder")),
    Case("made with no file", lambda r: [*both(r), "--made-with", r / "x.pt"], Refused("--made-with has .*x.pt, which")),
    Case("an empty folder of networks", lambda r: [*both(r), "--networks", r], says("fid", "pt_inception-2015-12-05")),
    Case("a seed below 0", lambda r: [*both(r), "--seed", -1], Refused("--seed is -1; expected 0 or more")),
    Case("a device that is none", lambda r: [*both(r), "--device", "gpu9"], Refused("device gpu9 cannot be used")),
)  # fmt: skip


@cases(*FRAMES)
def test_frames(case, tmp_path):
    arguments = case.brings(tmp_path)
    passes(case, lambda: evaluated(tmp_path / "out", arguments))


SOME = np.full((3, 18, 2), 10.0)
MOVED, LOST = SOME + [3, 1], SOME.copy()
LOST[0] = LOST[1, :9] = -1
PEOPLE = (
    Case("joints that moved", lambda r: joints(r, SOME, MOVED), has(akd=2, mkr=0, akd_frames=3, akd_euclidean=10**0.5)),
    Case("joints that are lost", lambda r: joints(r, SOME, LOST), has(akd=0, mkr=0.5, akd_frames=2, mkr_frames=3)),
    Case("joints only the generated frame has", lambda r: joints(r, LOST, SOME), has(akd=0, mkr=0, mkr_frames=2)),
    Case("nobody anywhere", lambda r: joints(r, LOST[:1], LOST[:1]), has(akd=None, mkr=None, akd_frames=0, mkr_frames=0)),
    Case("joints alone", lambda r: joints(r, SOME, MOVED, "--metrics", "akd"), has(akd=2)),
    Case("a frame too few", lambda r: joints(r, SOME, MOVED[:2]), Refused("Frame 2 of clip is in the true table")),
    Case("no such table", lambda r: [*both(r), "--joints", r / "a.npz", r / "b.npz"], Refused("a.npz")),
    Case(
        "a pickled table",
        lambda r: [*beside(both(r), "../t.pkl", b"\x80\x04N."), "--joints", r / "t.pkl", r / "t.pkl"], Refused("pickle"),
    ),
    Case(
        "identities", lambda r: [*both(r), "--identities", *joints(r, SOME, MOVED)[3:]],
        has(aed=180, aed_euclidean=180**0.5),
    ),
)  # fmt: skip


@cases(*PEOPLE)
def test_people(case, tmp_path):
    arguments = case.brings(tmp_path)
    passes(case, lambda: evaluated(tmp_path / "out", arguments))


def test_out_is_not_what_is_compared(tmp_path):
    made, true = both(tmp_path)
    with pytest.raises(ValueError, match="--out is .* which holds what is compared"):
        evaluated(made, [made, true])
    assert sorted(path.name for path in made.iterdir()) == [f"clip_000{i}.png" for i in (1, 2, 3)]


def test_out_that_cannot_be_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Nothing can be written to"):
        evaluated(tmp_path / "file" / "out", both(tmp_path))
