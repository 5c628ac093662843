"""Where people dance: a backdrop and its light, drawn from a seed."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ..seeds import pick, stream
from . import backdrops
from .easel import Easel

Painter = Callable[[Easel, float, np.random.Generator], None]
PLACES: dict[str, Painter] = {
    "in a room": backdrops.room,
    "in a street": backdrops.street,
    "in a park": backdrops.park,
    "on a beach": backdrops.beach,
    "on a stage": backdrops.stage,
    "in a studio": backdrops.studio,
    "before a tiled wall": backdrops.tiles,
}
HELD_OUT_PLACES: dict[str, Painter] = {"before mountains": backdrops.mountains}


@dataclass(frozen=True)
class Scene:
    name: str
    paint: Painter
    seed: int
    split: str
    light: float  # -1 from the left .. 1 from the right

    def __str__(self) -> str:
        return self.name

    def background(self, height: int, width: int, floor: float) -> np.ndarray:
        """Paints the place, (height, width, 3) uint8, for feet at `floor` times the height; the horizon is above."""
        rng = stream(self.split, "scenery", self.seed)
        easel = Easel(height, width)
        self.paint(easel, float(np.clip(floor - rng.uniform(0.06, 0.16), 0.45, 0.84)), rng)
        soft = cv2.GaussianBlur(easel.image, (0, 0), max(0.004 * height, 0.3))  # a shallow depth of field
        across = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
        return (soft * (1 + 0.06 * self.light * across)).clip(0, 255).astype(np.uint8)


def scene(index: int, split: str) -> Scene:
    """Returns the scene of a number. Raises ValueError for an unknown split."""
    rng = stream(split, "scene", index)
    places = HELD_OUT_PLACES if split == "held_out" and rng.random() < 0.3 else PLACES
    name = pick(rng, list(places))
    return Scene(name, places[name], index, split, float(rng.uniform(0.5, 1.0) * rng.choice([-1, 1])))
