"""The part map of every frame of a film, drawn from joints: what pose/detector.py does by a net."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..dancers.paint.figure import tubes
from ..dancers.paint.raster import paint_tube
from ..dancers.paint.skins import skins
from ..dancers.paint.tubes import Canvas
from .landmarks import Landmarker, Landmarks
from .skeleton import Flat, bones_of, whose_body
from .tracking import Tracked, Tracks

NO_LIGHT = np.zeros(3)  # nobody sees the picture, so it needs no light


class BodySource:
    """Draws the parts of people in the frames of one clip."""

    def __init__(self, landmarker: Landmarker, close: Callable[[], None] = lambda: None) -> None:
        """close: gives back what the landmarker holds."""
        self._landmarker, self.close, self._tracks, self._body = landmarker, close, Tracks(), whose_body()
        self._skins = skins(self._body)

    @classmethod
    def open(cls, path: Path) -> "BodySource":
        """Opens MediaPipe's bundle. Raises FileNotFoundError, and ValueError without the package or for another file."""
        landmarks = Landmarks(path)
        return cls(landmarks, landmarks.close)

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Returns the parts (H, W) uint8 of the next frame (H, W, 3) uint8 RGB, at its own size."""
        size = frame.shape[:2]
        canvas = Canvas(np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8), np.zeros(size, bool))
        found = [joints for joints in self._landmarker(frame) if np.isfinite(joints).all()]
        for person in self._tracks(found):
            self._draw(canvas, person)
        return canvas.parts

    def _draw(self, canvas: Canvas, person: Tracked) -> None:
        bones = bones_of(person.joints, person.height)
        for tube in tubes(self._body, self._skins, bones, Flat(person.height, 0.0, 0.0), 0.0):
            paint_tube(canvas, tube, NO_LIGHT)
