"""One scale and one shift for a whole clip, from the frames that show the photo's pose."""

from typing import NamedTuple

import numpy as np

from .joints import Body
from .limbs import FEET, HEAD, LIMBS, TORSO
from .sureness import Measured, spread_of

LIKE = 0.3  # what limbs may be turned and joints be off, where a frame shows the photo's pose: dancers in one pose have at
# most 0.2, in two 0.55 and more
SURELY = 0.2  # what they may be, if limbs are to follow the photo's all the way; up to LIKE less and less
STRAY, ROUNDS = 0.06, 6  # spreads that a joint may be off and still count for half; rounds of weighing
COMMON, COMMON_LIMBS = 6, 3  # joints and limbs that both must show
LEAST_SCALE, MOST_SCALE = 0.2, 5.0  # scales
# Of the logarithm of the scale: always, and by how far the nearest frame is from the photo's pose
SCALE_SPREAD = (0.002, 0.1)
PLACE_SPREAD = (0.001, 0.05)  # of places, in body heights
SWAY_FROM = 0.1  # distance of the nearest frame from the photo's pose from which on the clip's own sway is a doubt, too
SAME_SCALE, SAME_PLACE = 0.012, 0.006  # nothing is changed for less, the place in heights of the picture


class Similarity(NamedTuple):
    """x, y in pixels of the clip -> scale * (x, y) + shift."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) -> (..., 2)"""
        return self.scale * points + np.array([self.x, self.y])

    def part(self, strength: float, anchor: np.ndarray) -> "Similarity":
        """Returns as much of it as strength says, 0 nothing, 1 all; the anchor (2,) goes a straight way."""
        scale = self.scale**strength
        shift = anchor + strength * (self(anchor) - anchor) - scale * anchor
        return Similarity(float(scale), float(shift[0]), float(shift[1]))

    def about(self, height: int, anchor: np.ndarray) -> bool:
        """Whether it changes less than can be known in a picture of some height, around an anchor (2,)."""
        return abs(np.log(self.scale)) < SAME_SCALE and float(np.abs(self(anchor) - anchor).max()) < SAME_PLACE * height


def points(body: Body) -> np.ndarray:
    """Returns all joints (..., 2 * LIMBS, 2); what the picture's edge cuts is nan."""
    ends = np.where(body.cut[..., None], np.nan, body.end)
    return np.concatenate([body.start, ends], -2)


def matches(bodies: Body, photo: Body) -> tuple[np.ndarray, list[Similarity]]:
    """How far every frame is from the photo's pose (F,), and what brings its joints there.

    The distance is what limbs are turned, in limbs, plus what joints are off, in figures' spreads.
    """
    wanted, off, maps, turned = points(photo), [], [], _turned(bodies, photo)
    weight = np.ones(2 * LIMBS)
    weight[[HEAD, LIMBS + HEAD, LIMBS + TORSO]] = 3.0
    for there in points(bodies):
        both = np.isfinite(there).all(-1) & np.isfinite(wanted).all(-1)
        both[TORSO] = False  # the same as the head's
        if both.sum() < COMMON:
            off.append(np.inf)
            maps.append(Similarity())
            continue
        map_, error = _least_squares(there[both], wanted[both], weight[both])
        off.append(error + 0.1 * float(np.isfinite(wanted).all(-1).sum() - both.sum()) / LIMBS)
        maps.append(map_)
    return np.array(off) + turned, maps


def _turned(bodies: Body, photo: Body) -> np.ndarray:
    """How far the limbs of bodies (F, ...) are turned against the photo's, (F,): the mean distance of their directions."""
    there, wanted = _directions(bodies), _directions(photo)
    apart = np.linalg.norm(there - wanted, axis=-1)  # (F, LIMBS)
    seen = np.isfinite(apart)
    apart = np.where(seen, apart, 0.0).sum(-1) / np.maximum(1, seen.sum(-1))
    return np.where(seen.sum(-1) >= COMMON_LIMBS, apart, np.inf)


def _directions(body: Body) -> np.ndarray:
    """(..., LIMBS, 2); nan for what is cut, and for feet, which are short."""
    way = np.where(body.cut[..., None], np.nan, body.end - body.start)
    way = way / np.maximum(1e-9, np.linalg.norm(way, axis=-1, keepdims=True))
    way[..., list(FEET), :] = np.nan
    return way


def _least_squares(there: np.ndarray, wanted: np.ndarray, weight: np.ndarray) -> tuple[Similarity, float]:
    """(N, 2), (N, 2), (N,) -> the map, and how far it is off in spreads of the wanted points. Strays count for little."""
    spread = max(1e-9, float(np.sqrt(((wanted - wanted.mean(0)) ** 2).sum(-1).mean())))
    trust = np.ones(len(weight))
    for _ in range(ROUNDS):
        w = (weight * trust / (weight * trust).sum())[:, None]
        middle, goal = (w * there).sum(0), (w * wanted).sum(0)
        a, b = there - middle, wanted - goal
        scale = float((w * a * b).sum() / max(1e-9, (w * a * a).sum()))
        far = np.linalg.norm(scale * a - b, axis=-1) / spread  # (N,)
        trust = 1 / (1 + (far / STRAY) ** 2)
    error = float(np.sqrt(np.average(np.minimum(far, 1.0) ** 2, weights=weight * np.sqrt(trust))))
    return Similarity(scale, *map(float, goal - scale * middle)), error if LEAST_SCALE < scale < MOST_SCALE else np.inf


def like(off: np.ndarray) -> np.ndarray:
    """Returns the numbers of the frames that show the photo's pose best, from their distances (F,); none: empty."""
    best = off.min()
    return np.nonzero(off <= min(LIKE, 1.15 * best + 0.003))[0]


def sure_of(off: np.ndarray) -> float:
    """Returns how surely some frame shows the photo's pose, 0..1, from the distances of all (F,)."""
    return float(np.clip((LIKE - off.min()) / (LIKE - SURELY), 0.0, 1.0))


def from_matches(
    off: np.ndarray, maps: list[Similarity], anchor: np.ndarray, stature: float, bodies: Body
) -> Similarity | None:  # fmt: skip
    """The middle one of the frames (of bodies (F, ...)) that show the photo's pose, as far as it is sure; None: none does.

    anchor (2,), the neck over the clip, and stature: pixels. A photo whose pose is only about a frame's may be of any other
    moment of the dance: it is then believed no farther off than the clip itself sways.
    """
    chosen = like(off)
    if not len(chosen):
        return None
    middle = Similarity(*map(float, np.median([maps[frame] for frame in chosen], axis=0)))
    scale_spread, place_spread = (least + share * off.min() for least, share in (SCALE_SPREAD, PLACE_SPREAD))
    scale = float(np.exp(Measured(float(np.log(middle.scale)), scale_spread).followed))
    sway = _sway(bodies) * float(np.clip((off.min() - SWAY_FROM) / (LIKE - SWAY_FROM), 0.0, 1.0))  # (2,)
    spreads = scale * np.hypot(place_spread * stature, sway)
    ways = [Measured(float(way), float(one)).followed for way, one in zip(middle(anchor) - anchor, spreads, strict=True)]
    x, y = anchor + ways - scale * anchor
    return Similarity(scale, float(x), float(y))


def _sway(bodies: Body) -> np.ndarray:
    """The spread of the neck over a clip (F, ...), pixels (2,)."""
    necks = bodies.start[:, HEAD]
    necks = necks[np.isfinite(necks).all(-1)]
    return np.array([spread_of(axis) for axis in necks.T]) if len(necks) else np.zeros(2)
