"""Metrics of single frames: a row each, with the function that is its formula, and why columns that look alike differ.

`disco` in a key marks what the published numbers compute (DisCo's evaluation, which MagicAnimate's tables use), beside what
the metric's name promises. a: generated, b: true, both uint8; H, W of the true frame.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

GREY = np.array([9798, 19235, 3735])  # of R, G, B, in 1 / 2**15


class FramePair(NamedTuple):
    """What a metric is given of one frame."""

    made: np.ndarray  # (H, W, 3) uint8 RGB, at the true frame's size
    true: np.ndarray  # (H, W, 3) uint8 RGB
    mask: np.ndarray | None = None  # (H, W) bool, the foreground
    perceptual: tuple[float, float] = (math.nan, math.nan)  # LPIPS as published, and correct


class Metric(NamedTuple):
    """A row: nan is what `of` gives where the metric is not defined."""

    of: Callable[[FramePair], float]
    note: str  # one line, what the number is and how it differs from its neighbours
    needs: str = ""  # "mask", or a network by its key in `networks`
    least: int = 1  # pixels that a frame's side must have


def l1(frames: FramePair) -> float:
    """mean |a - b| / 255 over pixels and channels. Source: the definition."""
    return _difference(frames).mean() / 255


def l1_disco(frames: FramePair) -> float:
    """mean |a - b| / (H W): grey levels, divided by the frame's area. Source: DisCo, tool/metrics."""
    return _difference(frames).mean() / _area(frames)


def psnr(frames: FramePair) -> float:
    """10 log10(255^2 / mean (a - b)^2); nan for equal frames, where it is infinite. Source: the definition, scikit-image."""
    if np.array_equal(frames.made, frames.true):
        return math.nan
    return float(peak_signal_noise_ratio(frames.true, frames.made, data_range=255))


def psnr_disco_2024(frames: FramePair) -> float:
    """The definition, and 100 for equal frames. Source: DisCo since 2024-04-10."""
    value = psnr(frames)
    return 100.0 if math.isnan(value) else value


def psnr_disco_2023(frames: FramePair) -> float:
    """20 log10(255 / sqrt(mean m)), m = ((a - b) mod 256)^2 mod 256; 100 where all m are 0. Source: DisCo to 2024-04-10.

    The published code subtracts and squares in 8 bits, where both overflow. Numpy's arrays of uint8 do the same.
    """
    wrapped = (frames.made - frames.true) ** 2  # (H, W, 3) uint8
    mean = wrapped.mean()
    return 100.0 if mean == 0 else float(20 * np.log10(255 / np.sqrt(mean)))


def ssim_disco(frames: FramePair) -> float:
    """Structural similarity of grey frames, window 7 x 7, uniform, sample covariance. Source: DisCo, by scikit-image."""
    return float(structural_similarity(grey(frames.true), grey(frames.made), data_range=255))


def ssim_gaussian(frames: FramePair) -> float:
    """The same with a Gaussian window, sigma 1.5, 11 x 11. Source: Wang et al., IEEE TIP 13 (4), 2004; scikit-image."""
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(grey(frames.true), grey(frames.made), data_range=255, **window))


def lpips(frames: FramePair) -> float:
    """Distance of VGG16's features, linear heads v0.1, frames in [-1, 1]. Source: Zhang et al., CVPR 2018; lpips 0.1.4."""
    return frames.perceptual[1]


def lpips_disco(frames: FramePair) -> float:
    """The same with frames in [0, 1], for which the network is not made. Source: DisCo."""
    return frames.perceptual[0]


def l1_foreground(frames: FramePair) -> float:
    """mean |a - b| / 255 inside the mask; nan where it is empty. Source: the definition."""
    inside = _difference(frames)[frames.mask]
    return inside.mean() / 255 if inside.size else math.nan


def l1_masked_disco(frames: FramePair) -> float:
    """mean over the whole frame of |a - b| inside the mask / (H W). Source: what fits the published foreground numbers."""
    return (_difference(frames) * frames.mask[..., None]).mean() / _area(frames)


METRICS = {
    "l1": Metric(l1, "mean absolute error of levels in [0, 1]"),
    "l1_disco": Metric(l1_disco, "as published: 255 l1 / (height x width), comparable at one size only, 256x256"),
    "psnr": Metric(psnr, "dB; identical frames, where it is infinite, are left out of the mean"),
    "psnr_disco_2023": Metric(psnr_disco_2023, "as published in 2023: errors overflow in 8 bits, so noise has 27.9"),
    "psnr_disco_2024": Metric(psnr_disco_2024, "psnr, but identical frames count as 100 dB (DisCo since April 2024)"),
    "ssim_disco": Metric(ssim_disco, "as published: grey, uniform 7x7 window", least=7),
    "ssim_gaussian": Metric(ssim_gaussian, "grey, the Gaussian 11x11 window of the metric's paper", least=11),
    "lpips": Metric(lpips, "VGG16, fed levels in [-1, 1], for which it is made", "vgg", 16),
    "lpips_disco": Metric(lpips_disco, "as published: fed levels in [0, 1], and so several times smaller", "vgg", 16),
    "l1_foreground": Metric(l1_foreground, "l1 inside the masks; frames with an empty mask are left out", "mask"),
    "l1_masked_disco": Metric(
        l1_masked_disco,
        "masked error over the whole frame, as l1_disco: inferred to be the published foreground L1, which is undefined",
        "mask",
    ),
}  # fmt: skip


def frame_values(frames: FramePair, keys: Sequence[str]) -> list[float]:
    """Returns these metrics of a frame; nan where one is not defined."""
    return [METRICS[key].of(frames) for key in keys]


def grey(frame: np.ndarray) -> np.ndarray:
    """Returns a frame (H, W, 3) uint8 in grey, (H, W) uint8, by OpenCV's whole numbers: Pillow's move SSIM by 7e-5."""
    return ((frame @ GREY + 2**14) >> 15).astype(np.uint8)


def at_size(frame: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Returns a generated frame (h, w, 3) uint8 at the true frame's size: bilinear on 8 bits, not antialiased, as DisCo."""
    if frame.shape == like.shape:
        return frame
    return cv2.resize(frame, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_LINEAR)


def _difference(frames: FramePair) -> np.ndarray:  # (H, W, 3)
    return np.abs(frames.made.astype(np.float64) - frames.true)


def _area(frames: FramePair) -> int:
    return frames.true.shape[0] * frames.true.shape[1]
