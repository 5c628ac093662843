"""The photo's limbs moved by part maps, without a net: each limb by one affine map, the background behind them filled in.

What a body does not show in the photo cannot come out of it, and hair and clothes beyond the parts stay where they were.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .align.draw import Affine
from .align.joints import Body, body
from .align.limbs import HEAD, LIMBS, PARENT, limb_map
from .align.people import figures

LEAST_FACTOR, MOST_FACTOR = 0.25, 4.0  # factors of a limb's length and width

PosedPerson = tuple[np.ndarray, Body]  # limbs (H, W), 0 where somebody else or nobody is, and their joints


class Warp:
    """A photo whose people follow those of a DensePose clip, from left to right."""

    def __init__(self, photo: np.ndarray, pose: np.ndarray) -> None:
        """photo: (H, W, 3) uint8. pose: its DensePose, (H, W, 3) uint8. Raises ValueError where that shows nobody."""
        limbs = limb_map(pose)
        self.people = _people(limbs)
        if not self.people:
            raise ValueError("The reference's pose shows nobody; expected the DensePose of the photo.")
        self.behind = filled_holes(photo, limbs > 0)  # (H, W, 3)
        self.bodies = filled_holes(photo, limbs == 0)  # (H, W, 3): their colours go on beyond them

    def __call__(self, pose: np.ndarray) -> np.ndarray:
        """Returns the photo (H, W, 3) uint8 in the pose of a frame (H, W, 3) uint8; who is not in the photo is left out."""
        out = self.behind.copy()
        for (_, shown), (limbs, wanted) in zip(self.people, _people(limb_map(pose)), strict=False):
            for limb, map_ in enumerate(bent_limbs(shown, wanted)):
                y, x = np.nonzero(limbs == limb)
                if limb and len(x):
                    places = (np.stack([x, y], -1) - map_.shift) @ np.linalg.inv(map_.matrix).T
                    out[y, x] = _sampled(self.bodies, places)
        return out


def _people(limbs: np.ndarray) -> list[PosedPerson]:
    """Who is there, from left to right."""
    parts = [np.where(mask, limbs, 0) for mask in figures(limbs)]
    return sorted(((part, body(part)) for part in parts), key=lambda person: float(np.nanmean(person[1].box[::2])))


def bent_limbs(shown: Body, wanted: Body) -> list[Affine]:
    """Returns what brings every limb of a body to the other's place, (LIMBS,); its parent's map where joints are unseen."""
    everything = _boxes(shown, wanted)
    out = [everything] * LIMBS
    for limb in range(1, LIMBS):
        out[limb] = _joints(shown, wanted, limb) or (everything if limb <= HEAD else out[PARENT[limb]])
    return out


def _joints(shown: Body, wanted: Body, limb: int) -> Affine | None:
    """Start to start and end to end, across by the widths; None where one of them is not seen."""
    ways = [person.end[limb] - person.start[limb] for person in (shown, wanted)]
    long = [float(np.linalg.norm(way)) for way in ways]
    if not (np.isfinite(ways).all() and min(long) > 1):
        return None
    (ux, uy), (vx, vy) = (way / reach for way, reach in zip(ways, long, strict=True))
    along = np.clip(long[1] / long[0], LEAST_FACTOR, MOST_FACTOR)
    across = np.clip(wanted.width[limb] / shown.width[limb], LEAST_FACTOR, MOST_FACTOR)
    matrix = along * np.outer((vx, vy), (ux, uy)) + across * np.outer((-vy, vx), (-uy, ux))
    return Affine(matrix, wanted.start[limb] - matrix @ shown.start[limb])


def _boxes(shown: Body, wanted: Body) -> Affine:
    """The box of one figure to that of the other."""
    sides = [person.box[2:] - person.box[:2] for person in (shown, wanted)]
    matrix = np.diag(np.clip(sides[1] / sides[0], LEAST_FACTOR, MOST_FACTOR))
    return Affine(matrix, wanted.box[:2] - matrix @ shown.box[:2])


def _sampled(image: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Colours of an image (H, W, 3) at x, y in pixels (N, 2), bilinear, (N, 3) uint8; beyond the edge those of the edge."""
    far = np.array(image.shape[1::-1]) - 1
    places = np.clip(places, 0, far)
    low = np.floor(places).astype(int)
    (x, y), (right, below) = low.T, np.minimum(low + 1, far).T
    u, v = (places - low).T[..., None]
    upper = image[y, x] * (1 - u) + image[y, right] * u
    lower = image[below, x] * (1 - u) + image[below, right] * u
    return (upper * (1 - v) + lower * v).round().astype(np.uint8)


def filled_holes(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Returns an image (H, W, 3) uint8 whose hole (H, W) bool has the colours around it: means of ever larger squares."""
    if not hole.any() or hole.all():
        return image.copy()
    known = torch.from_numpy(~hole).float()[None, None]  # (1, 1, H, W)
    colours = torch.from_numpy(image).float().movedim(-1, 0)[None]  # (1, 3, H, W)
    inside = _spread(colours * known, known)[0].movedim(0, -1).round().byte().numpy()
    return np.where(hole[..., None], inside, image)


def _spread(sums: Tensor, known: Tensor) -> Tensor:
    """Colours everywhere, (1, 3, H, W), from their sums over what is known, (1, 3, H, W), and its share, (1, 1, H, W)."""
    here = sums / known.clamp(min=1e-6)
    if bool((known > 0).all()):
        return here
    coarse = _spread(*(F.avg_pool2d(t, 2, ceil_mode=True, count_include_pad=False) for t in (sums, known)))
    wide = F.interpolate(coarse, sums.shape[2:], mode="bilinear", align_corners=False)
    return torch.where(known > 0, here, wide)
