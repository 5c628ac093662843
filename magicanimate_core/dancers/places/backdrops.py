"""Backdrops: painters of places. Each paints a picture with a floor that begins at the relative height `line`."""

import cv2
import numpy as np

from ..seeds import pick
from .easel import Easel, Rgb, tone

WALLS: tuple[Rgb, ...] = (
    (238, 214, 184), (226, 184, 160), (186, 206, 196), (174, 196, 220), (222, 196, 216), (244, 226, 170), (206, 120, 100),
    (96, 130, 140), (232, 232, 226), (140, 120, 160),
)  # fmt: skip
FLOORS: tuple[Rgb, ...] = ((176, 124, 84), (150, 104, 74), (206, 178, 146), (120, 112, 110), (190, 196, 196), (136, 86, 66))
SKIES: tuple[tuple[Rgb, Rgb], ...] = (
    ((90, 160, 226), (222, 238, 246)), ((252, 170, 96), (255, 226, 170)), ((116, 92, 168), (255, 168, 130)),
    ((60, 80, 140), (240, 150, 140)), ((150, 200, 230), (250, 244, 226)),
)  # fmt: skip


def _boards(easel: Easel, line: float, colour: Rgb, rng: np.random.Generator) -> None:
    easel.fade(line, 1, tone(colour, 0.82), tone(colour, 1.08))
    for x in np.linspace(-1.5, 2.5, 21):
        near = 0.5 + (x - 0.5) * 2.2
        easel.shape(
            [(x, line), (x + 0.008, line), (near + 0.02, 1), (near, 1)], tone(colour, float(rng.uniform(0.72, 0.86)))
        )


def room(easel: Easel, line: float, rng: np.random.Generator) -> None:
    wall = pick(rng, WALLS)
    easel.fade(0, line, tone(wall, 1.05), tone(wall, 0.92))
    if rng.random() < 0.4:
        for x in np.arange(0, 1, 0.12):
            easel.box(x, 0, x + 0.05, line, tone(wall, 0.93))
    easel.box(0, line - 0.025, 1, line, tone(wall, 1.15))
    _boards(easel, line, pick(rng, FLOORS), rng)
    _window(easel, rng)
    _plant(easel, line, float(rng.uniform(0.05, 0.9)))


def _window(easel: Easel, rng: np.random.Generator) -> None:
    """A window on one side and a picture on the other."""
    x = float(rng.uniform(0.04, 0.16)) if rng.random() < 0.5 else float(rng.uniform(0.62, 0.7))
    sky = pick(rng, SKIES)
    easel.box(x, 0.12, x + 0.28, 0.50, (250, 248, 240))
    for i in (0, 1):
        for j in (0, 1):
            easel.box(x + 0.015 + 0.13 * i, 0.135 + 0.18 * j, x + 0.135 + 0.13 * i, 0.305 + 0.18 * j, sky[j])
    other = (x + 0.52) % 0.85
    easel.box(other, 0.18, other + 0.16, 0.36, tone(pick(rng, FLOORS), 0.6))
    easel.box(other + 0.012, 0.192, other + 0.148, 0.348, pick(rng, WALLS))
    easel.disc(other + 0.08, 0.28, 0.045, pick(rng, SKIES)[0])


def _plant(easel: Easel, line: float, pot: float) -> None:
    for lean in (-0.07, -0.03, 0.02, 0.06):
        easel.shape([(pot, line - 0.02), (pot + lean, line - 0.26), (pot + lean + 0.03, line - 0.2)], (70, 140, 90))
    easel.shape(
        [(pot - 0.04, line - 0.06), (pot + 0.04, line - 0.06), (pot + 0.03, line + 0.04), (pot - 0.03, line + 0.04)],
        (200, 110, 80),
    )


def street(easel: Easel, line: float, rng: np.random.Generator) -> None:
    sky = pick(rng, SKIES)
    easel.fade(0, line, *sky)
    x = -0.05
    while x < 1:
        wide, top, wall = float(rng.uniform(0.16, 0.3)), float(rng.uniform(0.05, 0.32)), pick(rng, WALLS)
        easel.box(x, top, x + wide, line, wall)
        for wx in np.arange(x + 0.03, x + wide - 0.05, 0.075):
            for wy in np.arange(top + 0.04, line - 0.16, 0.11):
                easel.box(wx, wy, wx + 0.04, wy + 0.065, (255, 226, 150) if rng.random() < 0.4 else (90, 110, 130))
        easel.box(x, line - 0.09, x + wide, line - 0.07, tone(pick(rng, WALLS), 0.8))
        x += wide
    easel.fade(line, line + 0.07, (190, 184, 176), (206, 200, 192))
    easel.fade(line + 0.07, 1, (104, 104, 112), (134, 134, 140))


def park(easel: Easel, line: float, rng: np.random.Generator) -> None:
    sky = pick(rng, SKIES)
    easel.fade(0, line, *sky)
    easel.disc(float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.15, 0.4)), 0.07, (255, 244, 200))
    for x in np.arange(-0.1, 1.2, 0.16):
        easel.disc(x, line, float(rng.uniform(0.1, 0.2)), tone((110, 150, 110), float(rng.uniform(0.8, 1.1))), 0.7)
    easel.fade(line, 1, (96, 158, 84), (136, 188, 96))
    for _ in range(4):
        x, y, size = (float(rng.uniform(a, b)) for a, b in ((0, 1), (0.24, 0.42), (0.1, 0.16)))
        leaf = pick(rng, ((78, 140, 72), (204, 120, 60), (220, 160, 70), (240, 160, 180), (60, 120, 90)))
        easel.box(x - 0.016, y, x + 0.016, line + 0.03, (112, 78, 56))
        for dx, dy, factor in ((-0.06, 0.02, 0.85), (0.06, 0.03, 0.92), (0, -0.05, 1.05)):
            easel.disc(x + dx, y + dy, size, tone(leaf, factor))


def beach(easel: Easel, line: float, rng: np.random.Generator) -> None:
    sky = pick(rng, SKIES)
    easel.fade(0, line - 0.12, *sky)
    easel.disc(float(rng.uniform(0.1, 0.9)), line - float(rng.uniform(0.12, 0.4)), 0.08, (255, 236, 180))
    sea = pick(rng, ((60, 150, 180), (80, 170, 170), (70, 110, 170)))
    easel.fade(line - 0.12, line + 0.02, tone(sea, 0.85), tone(sea, 1.3))
    for _ in range(16):
        x, y = float(rng.uniform(0, 1)), line - float(rng.uniform(0.0, 0.11))
        easel.box(x, y, x + 0.08, y + 0.006, tone(sea, 1.5))
    easel.fade(line + 0.02, 1, (236, 206, 156), (248, 226, 180))
    x, sign = (0.06, 1) if rng.random() < 0.5 else (0.94, -1)
    easel.shape(
        [(x, line + 0.08), (x + 0.03 * sign, 0.2), (x + 0.05 * sign, 0.2), (x + 0.035 * sign, line + 0.08)], (130, 90, 60)
    )
    for angle in np.linspace(0.2, 2.9, 6):
        tip = (x + 0.04 * sign + 0.2 * np.cos(angle), 0.22 - 0.10 * np.sin(angle) + 0.05)
        easel.shape([(x + 0.04 * sign, 0.19), tip, (x + 0.04 * sign, 0.235)], (60, 130, 80))


def stage(easel: Easel, line: float, rng: np.random.Generator) -> None:
    curtain = pick(rng, ((120, 30, 46), (50, 40, 96), (30, 66, 84), (90, 40, 90)))
    easel.fade(0, line, tone(curtain, 0.6), tone(curtain, 1.1))
    for x in np.arange(0, 1.02, 0.07):
        easel.box(x, 0, x + 0.03, line, tone(curtain, 0.8))
    easel.fade(line, 1, (70, 50, 46), (126, 90, 70))
    for _ in range(3):
        light = pick(rng, ((255, 200, 120), (255, 120, 160), (120, 190, 255), (190, 255, 190)))
        top, foot = float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.2, 0.8))
        beam = Easel(easel.height, easel.width)
        beam.shape([(top - 0.02, 0), (top + 0.02, 0), (foot + 0.2, line + 0.1), (foot - 0.2, line + 0.1)], light)
        easel.image += 0.22 * cv2.GaussianBlur(beam.image, (0, 0), 0.02 * easel.height)
        easel.glow(foot, line + 0.1, 0.14, light, 0.25)


def studio(easel: Easel, line: float, rng: np.random.Generator) -> None:
    colour = pick(rng, WALLS)
    easel.fade(0, 1, tone(colour, 0.85), tone(colour, 1.1))
    easel.fade(line, 1, tone(colour, 1.0), tone(colour, 1.14))
    easel.glow(float(rng.uniform(0.2, 0.8)), 0.35, 0.4, (255, 250, 235), 0.16)


def tiles(easel: Easel, line: float, rng: np.random.Generator) -> None:
    first, second = pick(rng, WALLS), pick(rng, WALLS)
    count = int(rng.integers(7, 12))
    for i in range(count):
        for j in range(count):
            colour = tone(first if (i + j) % 2 else second, float(rng.uniform(0.94, 1.04)))
            easel.box(i / count, j * line / count, (i + 0.95) / count, (j + 0.95) * line / count, colour)
    _boards(easel, line, pick(rng, FLOORS), rng)


def mountains(easel: Easel, line: float, rng: np.random.Generator) -> None:
    easel.fade(0, line, *pick(rng, SKIES))
    for step, shade in ((0.34, 1.25), (0.2, 1.0)):
        for x in np.arange(-0.1, 1.2, 0.3):
            peak, x = line - step * float(rng.uniform(0.8, 1.3)), x + float(rng.uniform(-0.08, 0.08))
            easel.shape([(x - 0.3, line), (x, peak), (x + 0.3, line)], tone((116, 130, 160), shade))
            easel.shape([(x - 0.06, peak + 0.07), (x, peak), (x + 0.06, peak + 0.07), (x, peak + 0.05)], (250, 250, 252))
    easel.fade(line, 1, (196, 200, 150), (150, 176, 104))
