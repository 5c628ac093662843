"""Which form of DensePose a few frames of a clip are in, and, where they are in none, what they are instead.

Frames are (F, H, W, 3) uint8 RGB, spread over a clip.
"""

from typing import NamedTuple

import numpy as np

from .forms import FORMS, TRUST, Form, nearest_parts_of, see
from .others import VAGUE, what_else
from .steadying import NOBODY_SHARE
from .surroundings import channels

LOOKED_SIDE = 256  # pixels; of larger frames every second pixel is looked at, or every third, ...
CLOSER_SIDE = 512  # the same, where that tells nothing
FLATNESS = 4  # grey levels to the right and the lower neighbour: off the seams, where a codec leaves colours alone
TINY = 160  # pixels: in smaller frames a codec may leave too little that is flat
CALM = 0.01  # of all pixels must be flat: of noise, none are
LARGE = 85  # pixels: in figures of this size, parts are larger than the blocks of a codec
FAINT = 0.12  # of a figure must be sharp, however small it is
LEAST_COLOURED = 0.25  # of a figure must be in a form's colours
EXPECTED_FORMS = f"the 24 parts of DensePose in a form that is known: {', '.join(FORMS)}"
HALFWAY = {"viridis_grey": 0.3, "parula_grey": 0.56}  # how sharp figures must be where a photo's grey is in the colours


class Recognised(NamedTuple):
    """A form, and how well the frames are explained by it, 0..1."""

    form: Form
    confidence: float


def recognise(frames: np.ndarray) -> Recognised:
    """Returns the form of frames. Raises ValueError, in a sentence, for what holds no part map; see `what_else`."""
    found, instead = tell(frames)
    if found is None:
        raise ValueError(f"pose_video {seen_instead(instead)}{_too_small(frames)}; expected {EXPECTED_FORMS}.")
    return found


def seen_instead(instead: str | None) -> str:
    """Says, as what goes on after a name, what frames are that hold no parts; instead: as `tell` has it."""
    return f"looks like {instead}" if instead else "is not DensePose but a film, a photo or another kind of picture"


def _too_small(frames: np.ndarray) -> str:
    """What may be wrong with small frames, too: after a codec, their parts have no flat colours left. Else nothing."""
    height, width = frames.shape[1:3]
    if min(height, width) >= TINY:
        return ""
    return f", or {width} x {height} pixels are too small to tell (name its form, or bring {TINY} x {TINY} pixels)"


def tell(frames: np.ndarray) -> tuple[Recognised | None, str | None]:
    """Returns the form of frames, or None and what they look like instead, a noun (None: nothing that has a name)."""
    looked = thinned(frames)
    found = _numbers(looked) or _best(frames)
    if found is None:
        return None, what_else(looked)
    broken = _codec_broke(frames, found.form)
    return (None, broken) if broken else (found, None)


def _best(frames: np.ndarray, chosen: Form | None = None) -> Recognised | None:
    """The form with a palette that explains frames best, or the chosen one; at a closer look where a figure is small."""
    sides = (LOOKED_SIDE, CLOSER_SIDE) if max(frames.shape[1:3]) > LOOKED_SIDE else (LOOKED_SIDE,)
    found = (max(_scores(thinned(frames, side), chosen), key=lambda s: s.confidence, default=None) for side in sides)
    return next(filter(None, found), None)


def clause(frames: np.ndarray) -> str | None:
    """Returns what frames that are not in this model's colours look like, and what to do; None for what has no name."""
    found, instead = tell(frames)
    if found is None or found.form.is_ours:
        return f"looks like {instead}" if instead and instead not in VAGUE else None
    form = found.form
    words = "BGR: swap red and blue, or" if form.name == "viridis_bgr" else f"{form.words}:"
    return f"looks like {words} let Prepare Pose Video convert it"


def _convinces(form: Form, share: float, sharp: float, extent: float) -> bool:
    """Whether a figure of which a share is near a form's colours, and of that a share sharp, is of parts.

    Smooth pictures in the same palette, and maps of other parts, lie near its colours, too, but are not sharp. A codec makes
    parts less sharp, too: the more so the fewer of them it leaves near their colours, and the smaller the figure is (extent:
    the side of a square of its size, in pixels).
    """
    needed = HALFWAY.get(form.name.removesuffix("_bgr"), min(0.6, 0.35 + max(0.0, share - 0.6)))
    return sharp >= needed * min(1.0, max(0.3, (extent / LARGE) ** 2)) and share * sharp >= FAINT


def score(frames: np.ndarray, form: Form) -> float:
    """Returns how well frames are explained by a form that somebody chose, 0..1."""
    found = _numbers(thinned(frames)) if form.channel is not None else _best(frames, form)
    return found.confidence if found and found.form is form else 0.0


def thinned(frames: np.ndarray, side: int = LOOKED_SIDE) -> np.ndarray:
    """Returns frames of which at most so many pixels a side are left."""
    stride = max(1, -(-max(frames.shape[1:3]) // side))
    return np.ascontiguousarray(frames[:, ::stride, ::stride])


def _scores(frames: np.ndarray, chosen: Form | None = None) -> list[Recognised]:
    """Every form with a palette that explains a figure, or the one that somebody chose."""
    colours, counts = _flat_colours(frames)
    scored = []
    if counts.sum() < CALM * frames[..., 0].size and not chosen:
        return scored
    for form in [chosen] if chosen else [form for form in FORMS.values() if form.channel is None]:
        parts, apart, beside = nearest_parts_of(form, colours)
        figure = (parts > 0) | (apart > TRUST)
        size = counts[figure].sum()
        if size < NOBODY_SHARE * counts.sum() or not (parts[figure] > 0).any():
            continue
        near = figure & (apart <= TRUST)
        settled = near & (apart <= 0.3 * beside)  # not halfway to the next part, as in a picture of depth
        share = float(counts[near].sum() / size)
        sharp = float(counts[settled].sum() / max(1, counts[near].sum()))
        if chosen or (share >= LEAST_COLOURED and _convinces(form, share, sharp, _extent(form, frames))):
            scored.append(Recognised(form, share * min(1.0, sharp / 0.8) * _background(form, frames)))
    return scored


def _extent(form: Form, frames: np.ndarray) -> float:
    """The side of a square of the figure's mean size, in pixels."""
    return float(np.mean([np.count_nonzero(see(form, frame).parts) for frame in frames])) ** 0.5


def _background(form: Form, frames: np.ndarray) -> float:
    """Slightly less than 1 where the background is black and the form's is not, or the other way round."""
    if form.over_grey or form.name.startswith("inferno"):
        return 1.0
    dark = float((channels(np.maximum, frames) <= 24).mean())
    own = float((channels(np.maximum, np.abs(frames.astype(np.int16) - form.colours[0].astype(np.int16))) <= 24).mean())
    black = "_black" in form.name
    return 1.0 if (dark > own) == black else 0.98


def _flat_colours(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The colours (N, 3) uint8 off the seams, each once, and how often there are, (N,)."""
    levels = frames.astype(np.int16)
    here = levels[:, :-1, :-1]
    beside = (np.abs(here - there) for there in (levels[:, :-1, 1:], levels[:, 1:, :-1]))
    flat = np.logical_and(*(channels(np.maximum, apart) <= FLATNESS for apart in beside))
    chosen = frames[:, :-1, :-1][flat] if flat.any() else frames.reshape(-1, 3)
    packed = chosen.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    unique, counts = np.unique(packed, return_counts=True)
    return np.stack([unique >> 16 & 255, unique >> 8 & 255, unique & 255], 1).astype(np.uint8), counts


def _numbers(frames: np.ndarray) -> Recognised | None:
    """Part numbers in a channel, or in all three alike."""
    levels = frames.astype(np.int16)
    high = channels(np.maximum, levels)
    if high.max() <= 40 and (high - channels(np.minimum, levels)).max() <= 8:
        values = np.unique(frames[..., 1])
        return Recognised(FORMS["numbers"], 1.0) if len(values) >= 4 and values.max() >= 13 else None
    return next((found for name in ("iuv", "vui") if (found := _iuv(levels, FORMS[name]))), None)


def _iuv(levels: np.ndarray, form: Form) -> Recognised | None:
    """One channel holds part numbers 1..24, the two others coordinates up to 255; zeros around."""
    number, others = levels[..., form.channel], np.delete(levels, form.channel, -1)
    figure = channels(np.maximum, others) > 32
    if figure.mean() < NOBODY_SHARE:
        return None
    inside = number[figure]
    small = float((inside <= 24).mean())
    if small < 0.7 or (inside > 0).mean() < 0.6 or np.percentile(others[figure], 90, axis=0).min() < 40:
        return None
    still = np.abs(np.diff(number, axis=2))[figure[:, :, 1:] & figure[:, :, :-1]]
    if len(np.unique(inside[inside <= 24])) < 4 or not len(still):
        return None
    if float((number[~figure] <= 4).mean() if (~figure).any() else 1) < 0.9 or float((still <= 2).mean()) < 0.6:
        return None
    return Recognised(form, small)


def _codec_broke(frames: np.ndarray, form: Form) -> str | None:
    """Part numbers one grey level apart do not survive a lossy codec: what frames look like then; None where they have."""
    if form.channel is None:
        return None
    number = frames[..., form.channel].astype(np.int16)
    figure = channels(np.maximum, frames) > 0 if form.name != "numbers" else number > 0
    lonely = np.ones(number[:, 1:-1, 1:-1].shape, bool)
    for dy, dx in ((0, 1), (2, 1), (1, 0), (1, 2)):
        lonely &= number[:, dy : dy + lonely.shape[1], dx : dx + lonely.shape[2]] != number[:, 1:-1, 1:-1]
    lonely = float((lonely & figure[:, 1:-1, 1:-1]).sum() / max(1, figure.sum()))
    never = float((((number == 0) & figure) | (number > 24)).sum() / max(1, figure.sum()))
    lost = f"{form.words} out of a lossy codec or a resize, which part numbers do not survive: save it as PNG"
    return lost if never > 0.001 or lonely > 0.1 else None
