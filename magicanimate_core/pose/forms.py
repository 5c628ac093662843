"""Every form in which people save DensePose's parts, and how each is read.

Frames are (H, W, 3) uint8 RGB; of any pixels (..., 3) a form tells the nearest part and how far from it they are.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from ..media.densepose import OUR_FORM
from .palettes import INFERNO, PARULA, VIRIDIS
from .polling import Looks
from .snapping import Seen, looks
from .surroundings import channels

TRUST = 10  # grey levels, largest channel: farther off, a colour may be a blend that looks like a third part
OWN = 3  # grey levels: as near as rounding leaves a colour that no codec has touched
INEXACT = 0.002  # of the figure's size: so few other pixels are no sign of a codec
ALPHA = 0.7  # of the colours where they lie over a photo turned grey
PURE = np.float32(0.3 * 255 + 2)  # the most that the grey photo adds


class Form(NamedTuple):
    """name: of the option. words: for people. colours: of the parts (25, 3) RGB. channel: where numbers stand instead."""

    name: str
    words: str
    colours: np.ndarray | None = None
    over_grey: bool = False
    channel: int | None = None

    @property
    def is_ours(self) -> bool:
        """Whether frames may be left as they are."""
        return self.name == OUR_FORM


def _colour_forms() -> list[Form]:
    """Forms of every palette, with red and blue right or swapped."""
    forms = []
    for name, words, table, more in (
        ("viridis", "viridis", VIRIDIS, ("_black", "_grey")),
        ("parula", "Parula", PARULA, ("_black", "_grey")),
        ("inferno", "Inferno", INFERNO, ()),
    ):
        for background in ("", *more):
            for swapped in (False, True):
                long = f"{words}{ON[background]}" + (", BGR: red and blue are swapped" if swapped else "")
                colours = table[:, ::-1] if swapped else table
                forms.append(Form(name + background + "_bgr" * swapped, long, colours, background == "_grey"))
    return forms


ON = {"": "", "_black": " on black", "_grey": " over a grey photo"}
FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        *_colour_forms(),
        Form("iuv", "DensePose IUV (part, U, V)", channel=0),
        Form("vui", "DensePose IUV with red and blue swapped (V, U, part)", channel=2),
        Form("numbers", "part numbers 0 to 24 as grey", channel=1),
    )
}


def see(form: Form, rgb: np.ndarray) -> Seen:
    """Returns what a frame (H, W, 3) shows in a form."""
    if form.channel is not None:
        level = rgb[..., form.channel]
        return Seen(np.minimum(level, 24), level <= 24, exact=True)
    if form.over_grey:
        place = rgb.astype(np.int16)
        table = _chroma_table(form.name)[
            (place[..., 0] - place[..., 1] + 255).astype(np.intp) * 511 + (place[..., 1] - place[..., 2] + 255)
        ]
    else:
        half = rgb >> 1
        table = _colour_table(form.name.replace("_black", ""))[
            (half[..., 0].astype(np.int32) << 14) + (half[..., 1].astype(np.int32) << 7) + half[..., 2]
        ]
    return Seen(table & 31, table >= 32, exact=bool((table < 64).sum() <= INEXACT * max(1, np.count_nonzero(table & 31))))


@cache
def form_looks(name: str) -> Looks:
    """Returns how a form's parts look, for `snapping.snap`."""
    form = FORMS[name]
    colours = form.colours.astype(np.float32) * (ALPHA if form.over_grey else 1)
    if form.over_grey or name.removesuffix("_bgr").endswith("_black"):
        colours[0] = 0
    return looks(colours, bright=not form.over_grey)


def nearest_parts_of(form: Form, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the nearest parts (N,), how far colours (N, 3) are from them and from those numbered beside them, (N,)."""
    apart = _apart(form, rgb.astype(np.float32))  # (N, 25)
    parts = apart.argmin(1)
    rows = np.arange(len(rgb))
    before, after = (apart[rows, np.clip(parts + step, 0, 24)] for step in (-1, 1))
    beside = np.minimum(np.where(parts > 0, before, np.inf), np.where(parts < 24, after, np.inf))
    return parts.astype(np.uint8), apart[rows, parts], beside


def _apart(form: Form, rgb: np.ndarray) -> np.ndarray:
    """How far colours (N, 3) float32 are from each part's (N, 25), in the largest channel; black is background, too."""
    if form.over_grey:
        return _apart_in_chroma(rgb, form.colours.astype(np.float32))
    apart = np.stack([channels(np.maximum, np.abs(rgb - colour)) for colour in form.colours.astype(np.float32)], 1)
    apart[:, 0] = np.minimum(apart[:, 0], channels(np.maximum, rgb))
    return apart


def _apart_in_chroma(rgb: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The same where a grey photo shines through: differences of channels are free of it."""
    seen = np.stack([rgb[:, 0] - rgb[:, 1], rgb[:, 1] - rgb[:, 2]], 1) / ALPHA  # (N, 2)
    apart = np.stack([channels(np.maximum, np.abs(seen - chroma)) for chroma in _chroma(colours)], 1)
    grey = np.stack([(rgb - ALPHA * colour).mean(1) for colour in colours], 1)  # what the photo must have been
    outside = np.maximum(grey - PURE, -2 - grey).clip(0)
    outside[:, 0] = 0
    return np.maximum(apart, outside)


def _chroma(colours: np.ndarray) -> np.ndarray:
    """R - G and G - B of the parts (25, 3), (25, 2). The background of these forms is the photo, which is grey."""
    chroma = np.stack([colours[:, 0] - colours[:, 1], colours[:, 1] - colours[:, 2]], 1)
    chroma[0] = 0
    return chroma


def _entries(parts: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Parts with two more bits: whether the colour can be trusted, and whether it is the part's own."""
    return parts.astype(np.uint8) | ((apart <= TRUST).astype(np.uint8) << 5) | ((apart <= OWN).astype(np.uint8) << 6)


@cache
def _colour_table(name: str) -> np.ndarray:
    """Entries for cells of two levels of the RGB cube, (128 * 128 * 128,)."""
    colours = FORMS[name].colours.astype(np.int16)
    middle = np.arange(1, 256, 2, dtype=np.int16)
    best = np.full((128, 128, 128), np.iinfo(np.int32).max, np.int32)
    parts, apart = np.zeros(best.shape, np.uint8), np.zeros(best.shape, np.int16)
    for part, colour in [*enumerate(colours), (0, np.zeros(3, np.int16))]:
        off = [
            np.abs(middle - level).reshape([-1 if axis == c else 1 for axis in range(3)]) for c, level in enumerate(colour)
        ]
        square = sum(o.astype(np.int32) ** 2 for o in off)
        nearer = square < best
        np.copyto(best, square, where=nearer)
        np.copyto(parts, np.uint8(part), where=nearer)
        np.copyto(apart, np.maximum(np.maximum(off[0], off[1]), off[2]), where=nearer)
    return _entries(parts, apart).ravel()


@cache
def _chroma_table(name: str) -> np.ndarray:
    """Entries for the differences R - G and G - B, each -255 to 255, (511 * 511,)."""
    steps = np.arange(-255, 256, dtype=np.float32)
    plane = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)
    apart = np.stack(
        [np.abs(plane / ALPHA - chroma).max(1) for chroma in _chroma(FORMS[name].colours.astype(np.float32))], 1
    )
    return _entries(apart.argmin(1), apart.min(1))
