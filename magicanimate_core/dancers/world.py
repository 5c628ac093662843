"""Clips and pictures of the world: a person, a motion and a scene before a camera, all from one index."""

import copy
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from .body.motions import Motion, motion
from .body.people import Person, person
from .body.skeleton import Camera, Segment, coco_joints, posed_bones
from .paint.figure import tubes
from .paint.raster import paint_tube
from .paint.skins import skins
from .paint.tubes import Canvas, Skin
from .places.scenes import Scene, scene
from .seeds import still_number, stream

FPS = 25
FINENESS = 2  # pictures are painted this much larger, then averaged; labels are those of every FINENESS-th pixel


class Frame(NamedTuple):
    """A picture and what is known about it."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    parts: np.ndarray  # (H, W) uint8, DensePose part 0..24
    mask: np.ndarray  # (H, W) bool, every pixel of the person
    joints: np.ndarray  # (17, 3) float32: x, y in pixels (COCO order), depth in body heights


class DrawnClip:
    """A person in motion; frames are drawn when they are asked for."""

    fps = FPS

    def __init__(self, who: Person, moves: Motion, where: Scene, camera: Camera, frames: int, size: tuple[int, int]) -> None:
        self.frames, (self.height, self.width) = frames, size
        self.description = f"{who} {moves} {where}"
        self._who, self._moves, self._where, self.camera = who, moves, where, camera

    @cached_property
    def _background(self) -> np.ndarray:
        """(FINENESS * height, FINENESS * width, 3) uint8"""
        floor = self.camera.y / (FINENESS * self.height)
        return self._where.background(FINENESS * self.height, FINENESS * self.width, floor)

    @cached_property
    def _skins(self) -> dict[str, Skin]:
        return skins(self._who)

    @cached_property
    def _light(self) -> np.ndarray:
        """(3,)"""
        return np.array([0.20 * self._where.light, 0.10, 0.30])

    def dancing(self, number: int) -> "DrawnClip":
        """Returns the same person in the same place, in the motion of another number (seeds.py)."""
        _ = self._background, self._skins  # what takes time is painted once for both
        other = copy.copy(self)
        other._moves = motion(number, self._where.split)
        other.description = f"{self._who} {other._moves} {self._where}"
        return other

    def frame(self, index: int) -> Frame:
        """Draws frame `index`; negative ones count from the end. Raises IndexError beyond."""
        if not -self.frames <= index < self.frames:
            raise IndexError(f"frame {index} of a clip of {self.frames} frames")
        pose = self._moves.pose((index % self.frames) / FPS)
        bones = posed_bones(pose, self._who.bones)
        canvas = self._canvas(bones, pose.pelvis[2])
        bow = 0.25 * float(pose.hips[0] + pose.spine[1]) * np.cos(pose.yaw) * 0.3
        for tube in tubes(self._who, self._skins, bones, self.camera, bow):
            paint_tube(canvas, tube, self._light)
        image = cv2.resize(canvas.image, (self.width, self.height), interpolation=cv2.INTER_AREA)
        mask = canvas.mask.reshape(self.height, FINENESS, self.width, FINENESS).any((1, 3))
        joints = coco_joints(bones, self.camera)
        joints[:, :2] /= FINENESS
        return Frame(image, np.ascontiguousarray(canvas.parts[::FINENESS, ::FINENESS]), mask, joints)

    def _canvas(self, bones: dict[str, Segment], jump: float) -> Canvas:
        """The background with the person's shadow on the floor."""
        image, camera = self._background.copy(), self.camera
        size = image.shape[:2]
        feet = [camera.project(bones[f"lower_leg{side}"].end) for side in (0, 1)]
        x, spread = 0.5 * (feet[0][0] + feet[1][0]), 0.5 * abs(feet[0][0] - feet[1][0])
        radius = np.array([spread + 0.16 * camera.scale, 0.045 * camera.scale]) * (1 - jump)
        _darken(image, x - 0.04 * self._where.light * camera.scale, camera.y - 0.01 * camera.scale, *radius)
        return Canvas(image, np.zeros(size, np.uint8), np.zeros(size, bool))

    __getitem__ = frame

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(i) for i in range(self.frames))


def _darken(image: np.ndarray, x: float, y: float, rx: float, ry: float) -> None:
    """Darkens an image (H, W, 3) uint8 with a soft elliptic shadow; pixels."""
    height, width = image.shape[:2]
    x0, x1 = int(np.clip(x - rx, 0, width)), int(np.clip(x + rx, 0, width))
    y0, y1 = int(np.clip(y - ry, 0, height)), int(np.clip(y + ry, 0, height))
    if x0 >= x1 or y0 >= y1:
        return
    across = ((np.arange(x0, x1, dtype=np.float32) - np.float32(x)) / np.float32(rx)) ** 2
    down = ((np.arange(y0, y1, dtype=np.float32) - np.float32(y)) / np.float32(ry)) ** 2
    shade = 1 - np.float32(0.5) * (1 - across - down[:, None]).clip(0, 1)
    image[y0:y1, x0:x1] = (image[y0:y1, x0:x1] * shade[..., None]).astype(np.uint8)


def _camera(rng: np.random.Generator, who: Person, height: int, width: int) -> Camera:
    """Mostly cut between waist and shins, as people film themselves and as real pose videos are; a third from head to foot.

    Pixels of the fine picture.
    """
    shot, room, aside = rng.random(), float(rng.uniform(0.04, 0.16)), float(rng.uniform(-1, 1))
    if shot < 0.55:  # the head is `room` below the edge, the feet are outside
        tall = float(rng.uniform(1.1, 2.1))
        foot, x = room + tall, 0.5 + 0.08 * aside
    else:  # the whole body, or a small figure
        tall = float(rng.uniform(0.84, 0.93) if shot < 0.9 else rng.uniform(0.68, 0.8))
        tall = min(tall * who.height, tall * 1.15 * width / height)
        foot, x = 0.955 - 0.3 * max(0.0, 0.8 - tall), 0.5 + 0.05 * aside
    return Camera(FINENESS * height * tall, FINENESS * width * x, FINENESS * height * foot)


def clip(index: int, split: str = "train", *, frames: int = 48, height: int = 128, width: int = 128) -> DrawnClip:
    """Returns clip `index` of a split ("train" or "held_out"); pixels. Raises ValueError for an unknown split."""
    who = person(index, split)
    camera = _camera(stream(split, "camera", index), who, height, width)
    return DrawnClip(who, motion(index, split), scene(index, split), camera, frames, (height, width))


def still(index: int, split: str = "train", *, height: int, width: int) -> Frame:
    """Draws picture `index` of a split: a person, a scene and a moment that no clip shows. Raises ValueError."""
    moment = int(stream(split, "moment", index).integers(0, 200))
    return clip(still_number(index), split, frames=200, height=height, width=width).frame(moment)
