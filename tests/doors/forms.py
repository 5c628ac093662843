"""What people bring as a pose video: DensePose in every form, and what is no DensePose at all."""

from collections.abc import Callable
from functools import partial

import numpy as np
from pack.magicanimate_core.media.densepose import POSE_FORMS, paint
from pack.tests.doors.table import Case, Refused
from pack.tests.pose import pictures as show

CODECS = ("none", "crf 18", "crf 28", "mpeg4")
NUMBERS = ("iuv", "vui", "numbers")  # which no lossy codec leaves whole


def in_form(name: str) -> Callable:
    """A check of (report, frames): the form was recognised."""

    def check(out: tuple) -> None:
        assert out[0].form == name

    return check


def exactly(name: str) -> Callable:
    """A check of (report, frames): recognised for sure, and at most 0.5 % of the person in wrong colours."""

    def check(out: tuple) -> None:
        assert (out[0].form, out[0].confidence) == (name, 1) and show.wrong(out[1]) <= 0.005

    return check


def coded(name: str, codec: str) -> np.ndarray:
    return show.through(show.drawn(name), codec)


RECOGNISED = [
    Case(f"{name}, {codec}", partial(coded, name, codec), exactly(name) if codec == "none" else in_form(name))
    for name in POSE_FORMS
    for codec in (CODECS if name not in NUMBERS else CODECS[:1])
]
LOST = [
    Case(f"{name}, {codec}", partial(coded, name, codec), Refused("part numbers do not survive: save it as PNG"))
    for name in NUMBERS
    for codec in ("crf 18", "crf 28")
]


def dark_start() -> np.ndarray:
    """Nobody in most of the frames that are looked at."""
    frames = show.drawn("viridis").copy()
    frames[:3] = paint(np.zeros_like(show.dancer()[:3]))
    return frames


def letterboxed() -> np.ndarray:
    return np.pad(show.drawn("viridis"), ((0, 0), (40, 40), (0, 0), (0, 0)))


def one(frames: np.ndarray) -> np.ndarray:
    return frames[:1]


def far_away(frames: np.ndarray, background: tuple = (68, 1, 84), side: int = 900, step: int = 2) -> np.ndarray:
    """A figure of a tenth of the height, in a large picture."""
    small = frames[:, ::step, ::step]
    whole = np.empty((len(small), side, side, 3), np.uint8)
    whole[:] = background
    whole[:, 300 : 300 + small.shape[1], 500 : 500 + small.shape[2]] = small
    return whole


def enlarged(made: Callable) -> np.ndarray:
    return made()[:2].repeat(5, 1).repeat(5, 2)


def tiny_parts() -> np.ndarray:
    """Part numbers of patches as large as three pixels, in a large picture."""
    rows, columns = np.mgrid[:96, :96] // 3
    patches = (rows * 7 + columns * 5) % 24 + 1
    return far_away(
        np.broadcast_to(patches.astype(np.uint8)[..., None], (2, 96, 96, 3)).repeat(2, 1).repeat(2, 2), (0, 0, 0)
    )


ODD = [
    Case("one frame", lambda: one(show.drawn("parula_black")), in_form("parula_black")),
    Case("nobody in most frames", dark_start, in_form("viridis")),
    Case("black bars", letterboxed, in_form("viridis")),
    Case("enlarged", lambda: show.resized(show.drawn("inferno"), 384), in_form("inferno")),
    Case("made smaller", lambda: show.resized(show.drawn("parula"), 100), in_form("parula")),
    Case("a small figure", lambda: far_away(show.drawn("viridis")), in_form("viridis")),
    Case("a small figure, BGR", lambda: far_away(show.drawn("viridis_bgr"), (84, 1, 68)), in_form("viridis_bgr")),
    Case(
        "a small figure, compressed",
        lambda: show.through(far_away(show.drawn("viridis"), side=600, step=3), "crf 18"),
        in_form("viridis"),
    ),
    Case("small parts, numbers", tiny_parts, in_form("numbers")),
    Case("another dancer", lambda: show.drawn("viridis_bgr", show.dancer(11)), in_form("viridis_bgr")),
]
OTHERS = [
    Case("a drawn film", show.film, Refused("flat colours .*a drawing")),
    Case("a film without colours", show.grey, Refused("is not DensePose but a film")),
    Case("a compressed film", lambda: show.through(show.film(), "crf 28"), Refused("flat colours .*a drawing")),
    Case("noise", lambda: np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8), Refused("is not DensePose")),
    Case("contours", show.contours, Refused("contour view")),
    Case("OpenPose", show.skeleton, Refused("an OpenPose skeleton")),
    Case("Sapiens", show.sapiens, Refused("of Sapiens")),
    Case("14 parts, viridis", lambda: show.coarse("viridis"), Refused("coarse 14 parts")),
    Case("14 parts, Parula on its own", lambda: show.coarse("parula"), Refused("coarse 14 parts")),
    Case("14 parts, compressed", lambda: show.through(show.coarse("viridis"), "crf 18"), Refused("coarse 14 parts")),
    Case("depth, viridis", lambda: show.depth("viridis"), Refused("looks like|is not DensePose")),
    Case("depth, Inferno", lambda: show.depth("inferno"), Refused("looks like|is not DensePose")),
    Case("person numbers", show.persons, Refused("_INDS.png")),
    Case("black", lambda: np.zeros((2, 16, 16, 3), np.uint8), Refused("black frames, in which nobody was found")),
    Case("background alone", lambda: paint(np.zeros((2, 16, 16), np.uint8)), Refused("nobody was found")),
    Case("a pixel", lambda: np.zeros((1, 1, 1, 3), np.uint8), Refused("nobody was found")),
    Case(
        "too small", lambda: show.through(show.resized(show.drawn("viridis"), 32), "crf 28"), Refused("32 x 32 .* too small")
    ),
    *(
        Case(f"{made.__name__}, large", partial(enlarged, made), Refused("looks like|is not DensePose"))
        for made in (show.film, show.grey, show.contours, show.skeleton, show.sapiens, show.persons)
    ),
    *(
        Case(
            f"{made.__name__} in {name}, large",
            partial(enlarged, partial(made, name)),
            Refused("looks like|is not DensePose"),
        )
        for made in (show.coarse, show.depth)
        for name in ("viridis", "parula")
    ),
    Case("no frames", lambda: np.zeros((0, 8, 8, 3), np.uint8), Refused("no frames: connect at least one")),
]
