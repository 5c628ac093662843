"""Photos and pose videos brought to the size that is animated. Images are (F, H, W, C), float in [0, 1] or uint8."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from .densepose import BACKGROUND

Resize = Callable[[Tensor, int, int], Tensor]  # (F, C, H, W), width, height -> (F, C, height, width)

FITS = ("crop", "stretch", "pad")
MULTIPLE = 8  # pixels of a latent pixel: sizes are multiples of it
TRANSPARENT = (  # goes on after a name
    "has an alpha channel, and what lies under its transparent parts is unknown: "
    "put it on a background first (RGB, 3 channels)."
)


def check_finite(image: Tensor, name: str) -> None:
    """Raises ValueError where an image (F, H, W, C) holds what is no number: resizing to 8 bits would make it black."""
    if not all(bool(frame.isfinite().all()) for frame in image):  # one by one: a clip may be long
        raise ValueError(f"{name} holds values that are no numbers (nan or inf): look at what made it.")


def check_image(image: Tensor, name: str) -> None:
    """Raises ValueError unless `image` (F, H, W, 3) is a non-empty batch of opaque RGB images; (F, H, W, 4) is, too, where
    alpha is 1 everywhere, and fit_image leaves it out.
    """
    if image.ndim != 4:
        raise ValueError(f"{name} has shape {tuple(image.shape)}; expected (frames, height, width, 3).")
    if 0 in image.shape:
        raise ValueError(f"{name} is empty (shape {tuple(image.shape)}): connect at least one image.")
    if image.shape[-1] == 4 and not (image[..., 3] == 1).all():
        raise ValueError(f"{name} {TRANSPARENT}")
    if image.shape[-1] not in (3, 4):
        raise ValueError(f"{name} has {image.shape[-1]} channels; expected 3 (RGB).")


def to_levels(image: Tensor) -> np.ndarray:
    """Returns images (..., 3 or 4) in [0, 1] as (..., 3) uint8 RGB, off the device; alpha, which is opaque, is left out."""
    return (image[..., :3].float().clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()


def target_size(width: int, height: int, like: Tensor) -> tuple[int, int]:
    """Returns (width, height) in pixels; 0 takes the size of `like` (F, H, W, C), rounded to a multiple of 8.

    Raises ValueError for what is no multiple of 8.
    """
    size = []
    for name, chosen, there in (("width", width, like.shape[2]), ("height", height, like.shape[1])):
        check_multiple(name, chosen)
        size.append(chosen or nearest_multiple(there))
    return size[0], size[1]


def nearest_multiple(pixels: int) -> int:
    """Rounds a size to a multiple of 8, at least one."""
    return max(MULTIPLE, round(pixels / MULTIPLE) * MULTIPLE)


def check_multiple(name: str, pixels: int, least: int = 0) -> None:
    """Raises ValueError unless a size is a multiple of 8, and not less than `least`."""
    if pixels % MULTIPLE or pixels < least:
        raise ValueError(f"{name} is {pixels}; expected a multiple of {MULTIPLE}, for example {nearest_multiple(pixels)}.")


def fit_image(image: Tensor, width: int, height: int, fit: str, resize: Resize, fill: tuple[float, ...]) -> Tensor:
    """Brings images (F, H, W, 3 or more) to (F, height, width, 3). Raises ValueError for an unknown `fit`.

    crop: keep the middle; stretch: ignore the proportions; pad: keep everything, borders of colour `fill`.
    Images that already have the size come back untouched.
    """
    if fit not in FITS:
        raise ValueError(f"fit is {fit!r}; expected one of {', '.join(FITS)}.")
    frames, old_height, old_width, channels = image.shape
    if channels > 3:  # alpha, which is opaque
        image = image[..., :3]
    if (old_height, old_width) == (height, width):
        return image
    pixels = image.movedim(-1, 1)  # (F, 3, H, W)
    if fit == "stretch":
        return resize(pixels, width, height).movedim(1, -1)
    scales = width / old_width, height / old_height
    scale = max(scales) if fit == "crop" else min(scales)
    inner_width, inner_height = max(1, round(old_width * scale)), max(1, round(old_height * scale))
    pixels = resize(pixels, inner_width, inner_height)
    if fit == "crop":
        left, top = (inner_width - width) // 2, (inner_height - height) // 2
        return pixels[:, :, top : top + height, left : left + width].movedim(1, -1)
    canvas = torch.tensor(fill, dtype=pixels.dtype).view(1, 3, 1, 1).repeat(frames, 1, height, width)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    canvas[:, :, top : top + inner_height, left : left + inner_width] = pixels
    return canvas.movedim(1, -1)


def fit_photo(image: Tensor, width: int, height: int, fit: str) -> Tensor:
    """Brings photos (F, H, W, 3) to (F, height, width, 3), `fit` as in fit_image. Borders of padded ones are grey.

    Lanczos on 8 bits, as ComfyUI's own upscaling by that name: this function serves the node, the command line and training,
    so that a model is used with photos like those it was trained on. Raises ValueError for an unknown `fit`.
    """
    grey = 128 if image.dtype == torch.uint8 else 0.5
    return fit_image(image, width, height, fit, _lanczos, (grey,) * 3)


def fit_poses(poses: Tensor, width: int, height: int, fit: str) -> Tensor:
    """Brings a pose video (F, H, W, 3) to (F, height, width, 3), `fit` as in fit_image, around it the background's colour.

    By the nearest pixel, because parts must not be mixed. Raises ValueError for an unknown `fit`.
    """
    background = BACKGROUND if poses.dtype == torch.uint8 else tuple(level / 255 for level in BACKGROUND)
    return fit_image(poses, width, height, fit, _nearest, background)


def _lanczos(pixels: Tensor, width: int, height: int) -> Tensor:
    """(F, 3, H, W) -> (F, 3, height, width), to the bit what comfy.utils.lanczos does."""
    whole = pixels.dtype == torch.uint8
    resized = []
    for image in pixels.movedim(1, -1).cpu().numpy():  # (H, W, 3)
        levels = image if whole else np.clip(255.0 * image, 0, 255).astype(np.uint8)
        resized.append(np.asarray(Image.fromarray(levels).resize((width, height), Image.Resampling.LANCZOS)))
    frames = np.stack(resized) if whole else np.stack(resized).astype(np.float32) / 255.0  # (F, height, width, 3)
    return torch.from_numpy(frames).movedim(-1, 1).to(pixels)


def _nearest(pixels: Tensor, width: int, height: int) -> Tensor:
    """(F, 3, H, W) -> (F, 3, height, width)"""
    return F.interpolate(pixels, (height, width), mode="nearest-exact")
