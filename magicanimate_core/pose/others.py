"""What people bring instead of a part map, by name: frames (F, H, W, 3) uint8 RGB that are in no form of DensePose."""

import numpy as np

from .palettes import SAPIENS
from .surroundings import channels

ONE_COLOUR = "frames of one colour, in which nobody was found"
NO_MAP = "flat colours that are not those of 24 parts (DensePose's coarse 14 parts, Champ's semantic map, depth, a drawing)"
LINE_PITCH = 5  # lines side by side, with as much between them: smaller frames show none
VAGUE = (ONE_COLOUR, NO_MAP)
DARK, CHROMATIC = 24, 40  # grey levels: black up to here, and coloured from so much between channels


def what_else(frames: np.ndarray) -> str | None:
    """Returns what frames look like, a noun; None for films, photos and all that has no name here."""
    return next((kind for kind, test in _KINDS if test(frames)), None)


def _black(frames: np.ndarray) -> bool:
    return not frames.any()


def _one_colour(frames: np.ndarray) -> bool:
    """Nothing but one colour, about."""
    levels = frames.reshape(-1, 3)
    return int((np.percentile(levels, 99.9, axis=0) - np.percentile(levels, 0.1, axis=0)).max()) <= 12


def _person_numbers(frames: np.ndarray) -> bool:
    """Very dark grey of few levels."""
    grey = np.ptp(frames.astype(np.int16), axis=-1).max() <= 8
    return bool(grey and frames.max() <= 40)


def _mostly_black(frames: np.ndarray) -> bool:
    return float((channels(np.maximum, frames) <= DARK).mean()) > 0.5


def _thin(mask: np.ndarray) -> bool:
    """Whether a mask (F, H, W) is of lines: 5 x 5 pixels of it are rare."""
    high, wide = mask.shape[1] - 4, mask.shape[2] - 4
    if min(high, wide) < 5 * LINE_PITCH or not mask.any():
        return False
    rows = np.logical_and.reduce([mask[:, d : d + high] for d in range(5)])
    whole = np.logical_and.reduce([rows[:, :, d : d + wide] for d in range(5)])
    return float(whole.sum() / mask.sum()) < 0.25


def _blurred_iuv(frames: np.ndarray) -> bool:
    """One channel of the figure is dark, as part numbers are, and the two others are not; black around."""
    figure = frames[channels(np.maximum, frames) > DARK]
    if not _mostly_black(frames) or len(figure) < 4:
        return False
    medians = np.median(figure, axis=0)
    return 1 <= medians.min() <= 32 and float(np.sort(medians)[1]) > 60


def _skeleton(frames: np.ndarray) -> bool:
    """Thin, strong, rainbow-coloured lines on black."""
    figure = channels(np.maximum, frames) > DARK
    if not _mostly_black(frames) or not figure.any() or figure.mean() > 0.3:
        return False
    return float(np.median(np.ptp(frames[figure].astype(np.int16), axis=-1))) > 90


def _contours(frames: np.ndarray) -> bool:
    """Coloured lines over a grey photo, or on black."""
    coloured = np.ptp(frames.astype(np.int16), axis=-1) > CHROMATIC
    return 0.002 < float(coloured.mean()) < 0.4 and _thin(coloured)


def _sapiens(frames: np.ndarray) -> bool:
    """Sapiens' colours cover what is coloured."""
    figure = frames[np.ptp(frames.astype(np.int16), axis=-1) > CHROMATIC].astype(np.int16)[::7]
    if len(figure) < 20:
        return False
    near = np.min([np.abs(figure - colour).max(-1) for colour in SAPIENS.astype(np.int16)], axis=0) <= 20
    return float(near.mean()) > 0.6


def _flat(frames: np.ndarray) -> bool:
    """A few colours make up nearly all, as in maps of other parts."""
    packed = (frames >> 4).reshape(-1, 3).astype(np.int32) @ np.array([256, 16, 1])
    counts = np.sort(np.bincount(packed))[::-1]
    return float(counts[:40].sum() / counts.sum()) > 0.85 and np.ptp(frames.astype(np.int16), axis=-1).max() > CHROMATIC


_KINDS = (  # asked in this order
    ("black frames, in which nobody was found", _black),
    ("numbers of persons (_INDS.png), or nearly black frames", _person_numbers),
    (ONE_COLOUR, _one_colour),
    ("DensePose IUV out of a lossy codec or a resize, which part numbers do not survive: save it as PNG", _blurred_iuv),
    ("an OpenPose skeleton", lambda frames: _skeleton(frames) and _thin(channels(np.maximum, frames) > DARK)),
    ("DensePose's contour view: lines, from which parts cannot be told", _contours),
    ("a body part map of Sapiens, which knows no front and back", _sapiens),
    (NO_MAP, _flat),
)
