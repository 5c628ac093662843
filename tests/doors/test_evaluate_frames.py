"""Sizes, masks, metrics, tables: what cannot be measured is named, and the rest is; what is wrong is one sentence."""

import numpy as np
import pytest
from pack.magicanimate_core.evaluation.sizes import square
from pack.tests.doors.evaluations import A, B, beside, both, evaluated, joints, masked
from pack.tests.doors.table import Case, Refused, cases, passes
from pack.tests.evaluation.sets import frames


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


def has(**expected):
    """Numbers of `joints` or `identity`."""

    def check(found: dict) -> None:
        group = found.get("joints", {}) | found.get("identity", {})
        assert {key: group[key] for key in expected} == pytest.approx(expected)

    return check


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
