"""From what a DensePose net says of people to a map of parts, by the rules of those who made the published clips."""

from typing import NamedTuple

import torch
from torch import Tensor

from .exchange import People

NOISE = 1 / 512  # pixels; 9.9999 is a 10 that was computed in fp32
FARTHEST = 1e6  # pixels; what a net says of wilder boxes has no room in whole numbers
BAND = 256  # rows that are drawn at a time: 25 planes of numbers for all of a large frame would be a gigabyte


def part_map(people: People | None, height: int, width: int) -> Tensor:
    """Returns the part of every pixel, (height, width) uint8, on the device of the logits; who comes later is on top.

    A box is where its logits are spread over, its numbers cut to whole pixels; what lies outside the frame is left out.
    """
    if people is None:
        return torch.zeros(height, width, dtype=torch.uint8)
    parts = torch.zeros(height, width, dtype=torch.uint8, device=people.fine.device)
    corner, size = people.boxes[:, :2], people.boxes[:, 2:] - people.boxes[:, :2]
    boxes = torch.cat([corner, size.clamp(min=1)], 1).clamp(-FARTHEST, FARTHEST)
    boxes = (boxes + boxes.sign() * NOISE).long().tolist()  # x, y, w, h
    for (x, y, w, h), coarse, fine in zip(boxes, people.coarse, people.fine, strict=True):
        left, right, top, bottom = max(x, 0), min(x + w, width), max(y, 0), min(y + h, height)
        if left < right and top < bottom:
            _draw(parts[top:bottom, left:right], coarse, fine, (left - x, w), (top - y, h))
    return parts


def _draw(parts: Tensor, coarse: Tensor, fine: Tensor, across: tuple[int, int], down: tuple[int, int]) -> None:
    """Draws a person of logits (C, h, w) and (25, h, w) into a piece of the map, in place.

    across, down: at which pixel of the box the piece begins, and how many pixels the box has.
    """
    height, width = parts.shape
    columns = _spread(across[0], width, across[1], fine.shape[2], fine.device)
    coarse, fine = (_between(logits, columns, 2) for logits in (coarse, fine))  # (C, h, width), (25, h, width)
    for first in range(0, height, BAND):
        band = parts[first : first + BAND]
        rows = _spread(down[0] + first, len(band), down[1], fine.shape[1], fine.device)
        body = _likeliest(_between(coarse, rows, 1)) > 0  # (rows, width)
        labels = _likeliest(_between(fine, rows, 1)) * body
        band.copy_(torch.where(labels > 0, labels.to(torch.uint8), band))


class _Spread(NamedTuple):
    """Where logits lie along one side of a box: each pixel is between two of them."""

    before: Tensor  # (L,) numbers of logits
    after: Tensor  # (L,)
    share: Tensor  # (L,) of the second, 0..1


def _spread(first: int, count: int, length: int, logits: int, device: torch.device) -> _Spread:
    """Pixels from `first` on of a side of `length` pixels over so many logits, as bilinear interpolation has it.

    Not F.interpolate: a box may reach far over the frame, and only what is inside is wanted.
    """
    pixels = torch.arange(first, first + count, device=device, dtype=torch.float32)
    places = ((pixels + 0.5) * (logits / length) - 0.5).clamp(0, logits - 1)
    before = places.long()
    return _Spread(before, (before + 1).clamp(max=logits - 1), places - before)


def _between(logits: Tensor, spread: _Spread, axis: int) -> Tensor:
    """(C, h, w) with L pixels in place of h (axis 1) or w (axis 2)."""
    share = spread.share[:, None] if axis == 1 else spread.share
    return torch.lerp(logits.index_select(axis, spread.before), logits.index_select(axis, spread.after), share)


def _likeliest(logits: Tensor) -> Tensor:
    """(C, H, W) -> (H, W)"""
    return logits.max(0).indices  # argmax is the same, five times slower
