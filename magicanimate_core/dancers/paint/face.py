"""Head textures: a face on the front of the skull, and the hair as a shell around it."""

from collections.abc import Sequence

import cv2
import numpy as np

from ..body.people import DYES, HAIR_COLOURS, SKINS, Colour, Person
from .cloth import ALONG, ANGLES, dark, mix, plain
from .tubes import COLUMNS, ROWS

_BIG = 4  # the face is drawn larger and shrunk


def _spot(
    face: np.ndarray, angle: float, up: float, radii: tuple[float, float], colour: Sequence[float], tilt: float = 0.0
) -> None:
    """Paints an ellipse on a face (_BIG ROWS, _BIG COLUMNS, 3) uint8.

    It lies at an angle around the head (radians) and a height (0 chin, 1 crown); its radii are in the same units.
    """
    centre = ((angle / (2 * np.pi) + 0.5) * COLUMNS * _BIG, up * ROWS * _BIG)
    size = (radii[0] / np.pi * COLUMNS * _BIG, 2 * radii[1] * ROWS * _BIG)
    cv2.ellipse(face, (centre, size, tilt), tuple(int(c) for c in colour), -1, cv2.LINE_AA)


def face(who: Person) -> np.ndarray:
    """Paints a texture (ROWS, COLUMNS, 3) float32: eyes, brows, cheeks, mouth; glasses and beard."""
    skin = SKINS[who.skin]
    hair = dark(HAIR_COLOURS[who.hair_colour], 0.8)
    big = np.broadcast_to(np.array(skin, np.uint8), (ROWS * _BIG, COLUMNS * _BIG, 3)).copy()
    if who.beard:
        _spot(big, 0, 0.08, (1.25, 0.25), hair)
        _spot(big, 0, 0.40, (0.5, 0.10), skin)
    blush = [0.8 * s + 0.2 * c for s, c in zip(skin, (230, 80, 80), strict=True)]
    for side in (-1, 1):
        _spot(big, side * 0.62, 0.36, (0.20, 0.06), blush if not who.beard else skin)
        _spot(big, side * 0.42, 0.535, (0.21, 0.048), (250, 248, 244))
        _spot(big, side * 0.42, 0.53, (0.125, 0.052), who.eyes)
        _spot(big, side * 0.42, 0.53, (0.06, 0.03), (20, 16, 18))
        _spot(big, side * 0.42, 0.578, (0.23, 0.012), dark(skin, 0.45))
        _spot(big, side * 0.43, 0.635, (0.24, 0.016), hair, side * 6)
    _mouth(big, who, skin)
    if who.glasses:
        _glasses(big)
    return cv2.resize(big, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA).astype(np.float32)


def _mouth(big: np.ndarray, who: Person, skin: Colour) -> None:
    """On a face (_BIG ROWS, _BIG COLUMNS, 3)."""
    lips = [(1 - 0.6 * who.lips) * 0.72 * s + 0.6 * who.lips * c for s, c in zip(skin, (205, 50, 70), strict=True)]
    wide = 0.24 + 0.1 * who.smile
    if who.smile > 0.4:
        _spot(big, 0, 0.245, (wide, 0.058), lips)
        _spot(big, 0, 0.25, (wide - 0.05, 0.036), (250, 246, 240))
        _spot(big, 0, 0.305, (wide + 0.05, 0.036), skin)
    else:
        _spot(big, 0, 0.25, (wide, 0.026), lips)
        _spot(big, 0, 0.275, (wide, 0.02), skin)
    _spot(big, 0, 0.375, (0.13, 0.012), dark(skin, 0.78))


def _glasses(big: np.ndarray) -> None:
    """On a face (_BIG ROWS, _BIG COLUMNS, 3)."""
    for side in (-1, 1):
        centre = (int((side * 0.42 / (2 * np.pi) + 0.5) * COLUMNS * _BIG), int(0.53 * ROWS * _BIG))
        cv2.ellipse(big, centre, (24, 42), 0, 0, 360, (30, 28, 34), 7, cv2.LINE_AA)
    middle, row = COLUMNS * _BIG // 2, int(0.54 * ROWS * _BIG)
    cv2.line(big, (middle - 12, row), (middle + 12, row), (30, 28, 34), 7)
    for end in (-130, 130):
        cv2.line(big, (middle + end, row), (middle + int(np.sign(end)) * 55, row), (30, 28, 34), 7)


def shell(who: Person) -> np.ndarray | None:
    """Paints a texture (ROWS, COLUMNS, 4): hair or hat around the skull, transparent over the face; None without hair."""
    if who.hair == "bald":
        return None
    colour = HAIR_COLOURS[who.hair_colour]
    line = {"short": 0.34, "crop": 0.42, "bun": 0.3, "ponytail": 0.32, "afro": 0.25, "beanie": 0.62}.get(who.hair, 0.0)
    # wider than the skull seems inside the shell, and the background would show between cheek and hair
    opening = {"bob": 0.82, "long": 0.80, "afro": 0.66, "beanie": 9.0}.get(who.hair, 0.98)  # half angle of the face
    fringe = {"afro": 0.72, "beanie": 0.66, "bob": 0.70}.get(who.hair, 0.76)
    part = 0.035 * np.cos(3.0 * ANGLES + who.seed % 7)
    front = (ALONG < fringe + part) & (np.abs(ANGLES) < opening + 0.12 * (0.5 - ALONG))
    base = mix(plain(colour), dark(colour, 0.78), 0.5 + 0.5 * np.sin(22 * ANGLES + 3 * np.sin(7 * ALONG)))
    base = mix(base, (255, 250, 240), 0.16 * np.exp(-(((ALONG - 0.82) / 0.06) ** 2)) * np.ones_like(ANGLES))
    if who.hair == "beanie":
        hat = DYES[who.top_colours[1]]
        base = mix(plain(hat), dark(hat), (ANGLES * 8 / np.pi) % 1 > 0.7)
        base = mix(base, dark(hat, 0.8), ALONG < 0.74)
    alpha = np.where(front | (ALONG < line), 0.0, 255.0)
    return np.dstack([base, np.broadcast_to(alpha, (ROWS, COLUMNS))])
