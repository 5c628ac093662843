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
        columns = _spread(left - x, right - x, w, fine)
        for first in range(top, bottom if right > left else top, BAND):
            last = min(first + BAND, bottom)
            labels = _labels(coarse, fine, _spread(first - y, last - y, h, fine, down=True), columns)
            under = parts[first:last, left:right]
            parts[first:last, left:right] = torch.where(labels > 0, labels, under)
    return parts


class _Spread(NamedTuple):
    """Where logits lie along one side of a box: each pixel is between two of them."""

    before: Tensor  # (L,) numbers of logits
    after: Tensor  # (L,)
    share: Tensor  # (L,) of the second, 0..1


def _spread(first: int, last: int, length: int, logits: Tensor, down: bool = False) -> _Spread:
    """Pixels first..last of a side of `length` pixels over logits (C, h, w), as bilinear interpolation has it.

    Not F.interpolate: a box may reach far over the frame, and only what is inside is wanted.
    """
    count = logits.shape[-2 if down else -1]
    pixels = torch.arange(first, max(first, last), device=logits.device, dtype=torch.float32)
    places = ((pixels + 0.5) * (count / length) - 0.5).clamp(0, count - 1)
    before = places.long()
    return _Spread(before, (before + 1).clamp(max=count - 1), places - before)


def _labels(coarse: Tensor, fine: Tensor, rows: _Spread, columns: _Spread) -> Tensor:
    """(C, h, w), (25, h, w) -> (rows, columns) uint8: the likeliest part where a body is likelier than none."""
    body = _sampled(coarse, rows, columns).argmax(0) > 0
    return (_sampled(fine, rows, columns).argmax(0) * body).to(torch.uint8)


def _sampled(logits: Tensor, rows: _Spread, columns: _Spread) -> Tensor:
    """(C, h, w) -> (C, rows, columns)"""
    tall = torch.lerp(logits[:, rows.before], logits[:, rows.after], rows.share[:, None])
    return torch.lerp(tall[..., columns.before], tall[..., columns.after], columns.share)
