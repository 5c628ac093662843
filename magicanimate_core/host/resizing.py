"""Photo and pose video at the size that is animated, with the host's own resampling."""

from collections.abc import Callable

import comfy.utils
from torch import Tensor

from ..media.images import DENSEPOSE_BACKGROUND, fit_image


def fit_reference(image: Tensor, width: int, height: int, fit: str) -> Tensor:
    """Brings the reference image (1, H, W, 3) to the chosen size. Borders of a padded one are grey."""
    return fit_image(image, width, height, fit, _resize("lanczos"), (0.5, 0.5, 0.5))


def fit_poses(video: Tensor, width: int, height: int, fit: str) -> Tensor:
    """Brings the pose video (F, H, W, 3) to the chosen size, in its own colours only: part labels must not be mixed."""
    return fit_image(video, width, height, fit, _resize("nearest-exact"), DENSEPOSE_BACKGROUND)


def _resize(method: str) -> Callable[[Tensor, int, int], Tensor]:
    return lambda pixels, width, height: comfy.utils.common_upscale(pixels, width, height, method, "disabled")
