"""A figure with other limbs over a whole clip: where its joints come to lie, and what keeps it on the ground."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from .bones import UNTRUSTED, Factors, measure
from .draw import Affine, limb_maps
from .inside import pushed_in
from .joints import Body
from .looking import Clip, SeenPeople
from .places import Places, find_places
from .similarity import Similarity, points
from .steady import Steady, steady

FITS, READ = (
    0.009,
    0.8,
)  # of the picture's height, and pixels, that joints may be off in the photo's pose: nearer, it is one body


class Rebuilt(NamedTuple):
    """How a figure gets other limbs."""

    map: Similarity
    bones: Factors
    places: Places  # where joints go beyond `map`
    steady: Steady | None = None  # over the frames of the clip

    def part(self, strength: float, anchor: np.ndarray) -> "Rebuilt":
        """Returns as much of it as strength says, 0 nothing, 1 all; the anchor (2,) goes a straight way."""
        return self._replace(
            map=self.map.part(strength, anchor), bones=self.bones.part(strength), places=self.places.part(strength)
        )

    def steadied(self, clip: Clip) -> "Rebuilt":
        """Returns it with limbs that do not tremble over the frames of a clip."""
        return self._replace(steady=steady(clip.numbers, clip.bodies))

    def maps(self, body: Body, number: int | None = None) -> list[Affine]:
        """Returns the map of every limb of a body (LIMBS,). number: the frame's in the clip; None: it is none of them."""
        if self.steady and number is not None:
            body = self.steady.body(number, body)
        return limb_maps(body, self.places.ways(body), self.bones.width, self.map)

    def moved(self, body: Body) -> Body:
        """Returns a body (LIMBS, ...) as it will be."""
        ways = self.places.ways(body)
        start, end = self.map(body.start) + ways[0], self.map(body.end) + ways[1]
        grown = _extent(start, end) - _extent(self.map(body.start), self.map(body.end))
        boxes = [self.map(box.reshape(2, 2)).reshape(4) + np.nan_to_num(grown) for box in (body.box, body.core)]
        return body._replace(start=start, end=end, box=boxes[0], core=boxes[1])


def rebuild(clip: Clip, shown: SeenPeople, map_: Similarity, like: np.ndarray, sure: float = 1.0) -> Rebuilt | str:
    """Returns how the clip's limbs get the photo's lengths, or why they do not, a clause.

    like: the frames that show the photo's pose; empty where none does. sure: how surely, 0..1, and how much is followed.
    """
    trouble = _trouble(clip, shown)
    if trouble:
        return trouble
    if not len(like):
        return "no frame shows the photo's pose, in which they could be compared"
    bones = measure(clip.bodies, shown.body, like, map_.scale)
    if bones.untrusted > UNTRUSTED:
        return f"{bones.untrusted:.0%} of the limbs cannot be measured in the photo"
    plain = [_off(_under(map_, body), shown.body) for body in _bodies(clip, like)]
    if not bones.change or not np.median(plain) > max(FITS * clip.height, READ):
        return "they have the photo's lengths already"
    places = find_places(clip.bodies, shown.body, like, map_, bones)
    return _inside(Rebuilt(map_, bones.part(sure), places.part(sure)), clip, shown)


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
