"""A figure with other limbs over a whole clip: where its joints come to lie, and what keeps it on the ground."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from .bones import UNTRUSTED, Factors, measure
from .draw import Affine, chain
from .inside import pushed_in
from .joints import Body, ground
from .limbs import FEET
from .looking import Clip, SeenPeople
from .similarity import Similarity, points
from .steady import Steady, steady

STANDS = 0.9  # of the frames in which feet must be seen
BETTER = 0.8  # of the error of a scale and shift alone, in the photo's pose: else limbs keep their lengths


class Rebuilt(NamedTuple):
    """How a figure gets other limbs."""

    map: Similarity  # of the neck, and of the ground
    bones: Factors
    stands: bool  # the lowest foot stays where `map` brings it
    steady: Steady | None = None  # over the frames of the clip

    def steadied(self, clip: Clip) -> "Rebuilt":
        """Returns it with limbs that do not tremble over the frames of a clip."""
        maps = map(self.maps, _bodies(clip))
        return self._replace(steady=steady(clip.numbers, clip.bodies, maps, self.map))

    def maps(self, body: Body, number: int | None = None) -> list[Affine]:
        """Returns the map of every limb of a body (LIMBS,). number: the frame's in the clip; None: it is none of them."""
        known = self.steady and number is not None and self.steady.maps(number, self.bones, self.map)
        return known or self._hung(body)

    def _hung(self, body: Body) -> list[Affine]:
        maps = chain(body, self.bones, self.map)
        if not self.stands or np.isnan(ground(body)):
            return maps
        feet = [float(maps[limb](point)[1]) for limb in FEET for point in (body.start[limb], body.end[limb])]
        lift = self.map.scale * float(ground(body)) + self.map.y - float(np.nanmax(feet))
        return [Affine(matrix, shift + np.array([0.0, lift])) for matrix, shift in maps]

    def moved(self, body: Body) -> Body:
        """Returns a body (LIMBS, ...) as it will be."""
        maps = self.maps(body)
        start, end = (np.stack([m(p) for m, p in zip(maps, ends, strict=True)]) for ends in (body.start, body.end))
        grown = _extent(start, end) - _extent(self.map(body.start), self.map(body.end))
        boxes = [self.map(box.reshape(2, 2)).reshape(4) + np.nan_to_num(grown) for box in (body.box, body.core)]
        return body._replace(start=start, end=end, box=boxes[0], core=boxes[1])


def rebuild(clip: Clip, shown: SeenPeople, map_: Similarity, like: np.ndarray) -> Rebuilt | str:
    """Returns how the clip's limbs get the photo's lengths, or why they do not, a clause.

    like: the frames that show the photo's pose; empty where none does.
    """
    trouble = _trouble(clip, shown)
    if trouble:
        return trouble
    if not len(like):
        return "no frame shows the photo's pose, in which they could be compared"
    bones = measure(clip.bodies, shown.body, like, map_.scale)
    if bones.untrusted > UNTRUSTED:
        return f"{bones.untrusted:.0%} of the limbs cannot be measured in the photo"
    if not bones.change:
        return "they have the photo's lengths already"
    stands = np.isfinite(ground(clip.bodies)).mean() >= STANDS and bool(np.isfinite(ground(shown.body)))
    rebuilt = Rebuilt(map_, bones, bool(stands))
    rebuilt = _in_place(rebuilt, clip, shown, like)
    off = [_off(rebuilt.moved(body), shown.body) for body in _bodies(clip, like)]
    plain = [_off(_under(map_, body), shown.body) for body in _bodies(clip, like)]
    if not np.median(off) < BETTER * np.median(plain):
        return "scale and shift alone come as near to the photo"
    return _inside(rebuilt, clip, shown)


def turned(clip: Clip, shown: SeenPeople) -> bool:
    """Whether clip and photo show different sides of a body, or one that cannot be told."""
    return not abs(clip.front - shown.front) < 0.5


def _trouble(clip: Clip, shown: SeenPeople) -> str | None:
    if clip.people > 1:
        return f"the clip shows {clip.people} people"
    if turned(clip, shown):
        return "the photo and the clip show different sides of a body"
    return None


def _bodies(clip: Clip, frames: Iterable[int] | None = None) -> Iterator[Body]:
    """The bodies of some frames, or of all, one after the other: what is made of each need not be kept."""
    for frame in range(len(clip.numbers)) if frames is None else frames:
        yield Body(*(values[frame] for values in clip.bodies))


def _under(map_: Similarity, body: Body) -> Body:
    return body._replace(start=map_(body.start), end=map_(body.end))


def _off(body: Body, photo: Body) -> float:
    """Mean distance of joints, pixels."""
    return float(np.nanmean(np.linalg.norm(points(body) - points(photo), axis=-1)))


def _in_place(rebuilt: Rebuilt, clip: Clip, shown: SeenPeople, like: np.ndarray) -> Rebuilt:
    """Shifted so that the joints lie about the photo's, in the frames that show its pose."""
    ways = [np.nanmedian(points(shown.body) - points(rebuilt.moved(body)), axis=0) for body in _bodies(clip, like)]
    x, y = np.median(ways, axis=0)
    map_ = rebuilt.map
    return rebuilt._replace(map=map_._replace(x=map_.x + float(x), y=map_.y + float(y)))


def _inside(rebuilt: Rebuilt, clip: Clip, shown: SeenPeople) -> Rebuilt:
    """Pushed into the frame: longer limbs reach farther."""
    boxes = np.empty((len(clip.numbers), 2, 4))
    for row, body in zip(boxes, map(rebuilt.moved, _bodies(clip)), strict=True):
        row[:] = body.box, body.core
    push = pushed_in(Similarity(), clip.bodies, shown.body, (clip.width, clip.height), boxes[:, 0], boxes[:, 1])
    map_ = rebuilt.map
    shift = push(np.array([map_.x, map_.y]))
    return rebuilt._replace(map=Similarity(map_.scale * push.scale, *map(float, shift)))


def _extent(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """left, top, right, bottom of joints (LIMBS, 2)."""
    both = np.concatenate([start, end])
    return np.concatenate([np.nanmin(both, 0), np.nanmax(both, 0)])
