"""Photos and pose videos brought to the size that is animated. Images are (F, H, W, C), float in [0, 1]."""

from collections.abc import Callable

import torch
from torch import Tensor

Resize = Callable[[Tensor, int, int], Tensor]  # (F, C, H, W), width, height -> (F, C, height, width)

FITS = ("crop", "stretch", "pad")
MULTIPLE = 8  # pixels of a latent pixel: sizes are multiples of it
DENSEPOSE_BACKGROUND = (68 / 255, 1 / 255, 84 / 255)  # part 0 of the viridis table that the ControlNet was trained on


def check_image(image: Tensor, name: str) -> None:
    """Raise ValueError unless `image` is a non-empty batch of opaque RGB images."""
    if image.ndim != 4:
        raise ValueError(f"{name} has shape {tuple(image.shape)}; expected (frames, height, width, 3).")
    if 0 in image.shape:
        raise ValueError(f"{name} is empty (shape {tuple(image.shape)}): connect at least one image.")
    if image.shape[-1] == 4:
        raise ValueError(
            f"{name} has an alpha channel, and what lies under its transparent parts is unknown: "
            "put it on a background first (RGB, 3 channels)."
        )
    if image.shape[-1] != 3:
        raise ValueError(f"{name} has {image.shape[-1]} channels; expected 3 (RGB).")


def target_size(width: int, height: int, like: Tensor) -> tuple[int, int]:
    """Returns (width, height) in pixels; 0 takes the size of `like` (F, H, W, C), rounded to a multiple of 8.

    Raises ValueError for a size that is no multiple of 8.
    """
    size = []
    for name, wanted, own in (("width", width, like.shape[2]), ("height", height, like.shape[1])):
        check_multiple(name, wanted)
        size.append(wanted or nearest_multiple(own))
    return size[0], size[1]


def nearest_multiple(pixels: int) -> int:
    """Rounds a size to a multiple of 8, at least one."""
    return max(MULTIPLE, round(pixels / MULTIPLE) * MULTIPLE)


def check_multiple(name: str, pixels: int) -> None:
    """Raises ValueError unless a size is a multiple of 8."""
    if pixels % MULTIPLE:
        raise ValueError(f"{name} is {pixels}; expected a multiple of {MULTIPLE}, for example {nearest_multiple(pixels)}.")


def fit_image(image: Tensor, width: int, height: int, fit: str, resize: Resize, fill: tuple[float, ...]) -> Tensor:
    """Bring images (F, H, W, 3) to height x width.

    crop: keep the middle; stretch: ignore the proportions; pad: keep everything, borders of colour `fill`.
    Images that already have the size come back untouched.
    """
    frames, own_height, own_width, _ = image.shape
    if (own_height, own_width) == (height, width):
        return image
    pixels = image.movedim(-1, 1)  # (F, 3, H, W)
    if fit == "stretch":
        return resize(pixels, width, height).movedim(1, -1)
    scales = width / own_width, height / own_height
    scale = max(scales) if fit == "crop" else min(scales)
    inner_width, inner_height = max(1, round(own_width * scale)), max(1, round(own_height * scale))
    pixels = resize(pixels, inner_width, inner_height)
    if fit == "crop":
        left, top = (inner_width - width) // 2, (inner_height - height) // 2
        return pixels[:, :, top : top + height, left : left + width].movedim(1, -1)
    canvas = torch.tensor(fill, dtype=pixels.dtype).view(1, 3, 1, 1).repeat(frames, 1, height, width)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    canvas[:, :, top : top + inner_height, left : left + inner_width] = pixels
    return canvas.movedim(1, -1)
