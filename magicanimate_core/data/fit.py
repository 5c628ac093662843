"""Samples brought to the size that is trained, with the geometry that `animate` has."""

import cv2
import numpy as np
import torch
from torch import Tensor

from ..media.densepose import PART_COLOURS
from ..media.images import FITS, fit_image
from .source import Sample

GREY = (128, 128, 128)


def fit_sample(sample: Sample, height: int, width: int, fit: str = "crop") -> Sample:
    """Both streams at height x width pixels, cut or scaled alike; `fit` as in images.fit_image.

    Pictures are averaged down or interpolated up; poses keep their colours, because parts must not be mixed.
    Padding is grey around pictures, background around poses.
    """
    if fit not in FITS:
        raise ValueError(f"fit is {fit!r}; expected one of {', '.join(FITS)}.")
    background = tuple(PART_COLOURS[0].tolist())
    images, poses = (torch.from_numpy(np.ascontiguousarray(frames)) for frames in sample)
    return Sample(
        fit_image(images, width, height, fit, _smooth, GREY).contiguous().numpy(),
        fit_image(poses, width, height, fit, _nearest, background).contiguous().numpy(),
    )


def _smooth(pixels: Tensor, width: int, height: int) -> Tensor:
    smaller = height * width < pixels.shape[2] * pixels.shape[3]
    return _resize(pixels, width, height, cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def _nearest(pixels: Tensor, width: int, height: int) -> Tensor:
    return _resize(pixels, width, height, cv2.INTER_NEAREST_EXACT)


def _resize(pixels: Tensor, width: int, height: int, how: int) -> Tensor:
    """(F, C, H, W) uint8 -> (F, C, height, width)"""
    frames = np.ascontiguousarray(pixels.movedim(1, -1).numpy())  # (F, H, W, C)
    return torch.from_numpy(np.stack([cv2.resize(frame, (width, height), interpolation=how) for frame in frames])).movedim(
        -1, 1
    )
