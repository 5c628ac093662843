"""Scale and shift where no frame of a clip shows the photo's pose: from sizes and places that hardly depend on a pose.

The best one is the height from the ground to the neck, but who sits has another, by about what a chair takes off; who sits
is told by the knees, which are as high as the hips. Where both sit or stand, the height counts as long as head and torso
agree with it. All numbers are measured on drawn dancers in two poses (benchmarks/align.py); people spread more, so they are
rounded up.
"""

import warnings

import numpy as np

from .joints import Body, ground
from .limbs import FEET, HEAD, LOWER_LEGS, TORSO, UPPER_LEGS
from .similarity import LEAST_SCALE, MOST_SCALE, Similarity
from .sureness import Measured, against, together

SPREADS = {HEAD: 0.1, TORSO: 0.1, LOWER_LEGS[0]: 0.1}  # of the logarithms of lengths: people are built differently
HEIGHT, ALONE = 0.03, 0.15  # of the height's; where nothing says whether somebody sits
FORESHORTENED = 1.5  # spreads: who bows, or sits behind the own knees, shows less of the torso
TURNED = 2.0  # times as much where a back is compared with a front
CONTRADICTED = 0.4  # of what height and sizes are apart
BENT = 0.4  # of the logarithm of upper by lower leg: beyond, one of both is bent
SEATED = 0.12  # of the height to the neck that the lower knee is below its hip: who stands has 0.13 to 0.28, who sits less
CHAIR, CHAIRS = 0.32, 0.15  # what a seat takes off the logarithm of that height, and its spread
PROPORTIONS = {HEAD: 0.15, TORSO: 0.31, LOWER_LEGS[0]: 0.22}  # of a body's height
NECK = 0.84
ACROSS, TORSO_ACROSS, GROUND, NECK_DOWN = 0.035, 0.045, 0.015, 0.03  # spreads of places, in body heights


def from_sizes(bodies: Body, photo: Body, turned: bool) -> Similarity | None:
    """What is sure of the way from a clip (F, ...) to the photo; None where too little is seen to know anything.

    turned: the two show different sides of a body.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of what is never seen
        scale, same_posture = _scale(bodies, photo, TURNED if turned else 1.0)
        return _placed(scale, bodies, photo, same_posture) if scale else None


def _scale(bodies: Body, photo: Body, doubt: float) -> tuple[Measured | None, bool]:
    """The logarithm of the scale, and whether the height says so, too: then nobody sits, or both do."""
    head, torso, legs = (
        against(np.log(_length(bodies, limb)), np.log(_length(photo, limb)), doubt * spread)
        for limb, spread in SPREADS.items()
    )
    height = against(np.log(_height(bodies)), np.log(_height(photo)), HEIGHT)
    sizes = together([head, torso])
    if sizes and legs and sizes.agrees(legs):  # else they are bent, or point at the viewer
        sizes = together([head, torso, legs])
    if height is None:
        return sizes, False
    if sizes is None:
        return height._replace(spread=ALONE), False
    seat = _seat(bodies, photo)
    if seat:
        return together([sizes, Measured(height.value - seat, CHAIRS)]), False
    knees = against(_bend(bodies), _bend(photo), 0.0)
    whole = head is None or torso is None or head.agrees(torso, FORESHORTENED)
    same = whole and sizes.agrees(height) and (knees is None or abs(knees.value) < BENT)
    if same:
        return together([sizes, height]), True
    contradiction = CONTRADICTED * abs(sizes.value - height.value)  # who bows, or is built quite otherwise
    return sizes._replace(spread=float(np.hypot(sizes.spread, contradiction))), False


def _length(body: Body, limb: int) -> np.ndarray:
    """Pixels (...) of a limb, of legs the longer one's; nan where cut."""
    limbs = [limb, limb + 1] if limb >= min(UPPER_LEGS) else [limb]
    lengths = np.where(body.cut[..., limbs] & (np.array(limbs) != TORSO), np.nan, body.length[..., limbs])
    return np.fmax.reduce(lengths, axis=-1)


def _height(body: Body) -> np.ndarray:
    """From the ground to the neck, pixels (...)."""
    tall = ground(body) - body.start[..., HEAD, 1]
    return np.where(tall > 1, tall, np.nan)


def _bend(body: Body) -> np.ndarray:
    """(...) logarithm of upper by lower leg."""
    return np.log(_length(body, UPPER_LEGS[0]) / _length(body, LOWER_LEGS[0]))


def _seat(bodies: Body, photo: Body) -> float:
    """What a seat adds to the logarithm of a photo's height by a clip's (F, ...); 0: both sit or stand, or may do so."""
    clip, shown = float(np.nanmedian(_knees_down(bodies))), float(_knees_down(photo))
    if not np.isfinite(clip + shown):
        return 0.0
    return CHAIR * (int(clip < SEATED) - int(shown < SEATED))


def _knees_down(body: Body) -> np.ndarray:
    """How far the lower knee is below its hip, in heights from the ground to the neck, (...)."""
    hips, knees = (body.start[..., list(limbs), 1] for limbs in (UPPER_LEGS, LOWER_LEGS))
    return np.fmax.reduce(knees - hips, axis=-1) / _height(body)


def stature(bodies: Body) -> float:
    """Returns how tall the person of a clip (F, ...) would stand, pixels, at least as tall as seen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of what is never seen
        guesses = [np.nanmedian(_length(bodies, limb)) / part for limb, part in PROPORTIONS.items()]
        seen = np.nanmedian(bodies.box[:, 3] - bodies.box[:, 1])
        return float(np.fmax(seen, np.nanmedian([*guesses, np.nanmedian(_height(bodies)) / NECK])))


def _placed(size: Measured, bodies: Body, photo: Body, same_posture: bool) -> Similarity | None:
    """Feet on the same ground where both are seen, else neck beside neck; torso and feet over those of the photo.

    size: the logarithm of the scale.
    """
    tall, scale = stature(bodies), float(np.exp(size.followed).clip(LEAST_SCALE, MOST_SCALE))
    feet = same_posture and np.isfinite(_feet(bodies)).any() and np.isfinite(_feet(photo))
    middle, spread = (_stance, ACROSS) if feet else (_middle, TORSO_ACROSS)
    across = against(middle(bodies), middle(photo), spread * tall)
    x = float(np.nanmedian(middle(bodies)))
    down, y = against(ground(bodies), ground(photo), GROUND * tall), float(np.nanmedian(ground(bodies)))
    if across is None:
        return None
    if down is not None:
        return _under(scale, x, across.followed, y, _both_ends(down, size, scale, NECK * tall))
    necks = bodies.start[:, HEAD, 1]
    down = against(necks, photo.start[HEAD, 1], NECK_DOWN * tall)
    return None if down is None else _under(scale, x, across.followed, float(np.nanmedian(necks)), down.followed)


def _under(scale: float, x: float, across: float, y: float, down: float) -> Similarity:
    """The map of a scale that moves a point x, y by so much."""
    return Similarity(scale, x + across - scale * x, y + down - scale * y)


def _both_ends(down: Measured, size: Measured, scale: float, tall: float) -> float:
    """How far feet go down, if neither they nor the neck may go another way than is sure, nor farther, under a scale.

    Who is small in the photo may stand there higher up, and the neck still lies lower: with the size not known, feet alone
    would take all that is above them the wrong way. down: the way of the ground; size: the logarithm of the scale; tall:
    from the ground to the neck, pixels.
    """
    grown = tall * (float(np.exp(size.value)) - 1)
    neck = Measured(down.value - grown, float(np.hypot(down.spread, tall * np.exp(size.value) * size.spread)))
    rises = tall * (scale - 1)  # of the neck above the feet
    (feet_low, feet_high), (low, high) = sorted((0.0, down.followed)), sorted((rises, rises + neck.followed))
    least, most = max(feet_low, low), min(feet_high, high)
    return float(np.clip(down.followed, least, most)) if least <= most else (least + most) / 2


def _middle(body: Body) -> np.ndarray:
    """x of the torso, (...)."""
    return np.nanmean(np.stack([body.start[..., HEAD, 0], body.end[..., TORSO, 0]], -1), -1)


def _feet(body: Body) -> np.ndarray:
    """x between the feet, (...)."""
    return body.start[..., list(FEET), 0].mean(-1)


def _stance(body: Body) -> np.ndarray:
    """x between torso and feet, (...): who sways, sways over the feet."""
    return (_middle(body) + _feet(body)) / 2
