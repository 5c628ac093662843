"""Two batches of images that are in memory, compared as two videos are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from ..media.images import check_finite, check_image, to_levels
from .averages import means
from .videos import Clip

PACKAGES = {"skimage": "scikit-image", "cv2": "opencv-python-headless"}  # what pip calls them
NAME, STRETCH = "animation", 0.05  # of the one video; how far proportions may differ, as sizes are rounded to multiples of 8
PUBLISHED = 256  # pixels of the frames of published numbers
Values = dict[str, np.ndarray]  # of all frames, by metric


@dataclass(frozen=True)
class ImageClip(Clip):
    """Images (F, H, W, 3) in [0, 1] as a video; `seen` is called before each frame, and may raise."""

    images: Tensor
    seen: Callable[[], Any] = lambda: None

    @property
    def numbers(self) -> range:
        return range(1, len(self.images) + 1)

    def frames(self, count: int | None = None):
        for image in self.images[:count]:
            self.seen()
            yield to_levels(image)


def check_packages() -> None:
    """Raises ValueError where a library is missing that the formulas come from, with what to do."""
    try:
        from . import per_frame  # noqa: F401
    except ImportError as error:
        package = PACKAGES.get((error.name or "").split(".")[0], error.name)
        raise ValueError(
            f"Evaluate Animation needs {package}, which this Python does not have: run `pip install {package}` with the "
            "Python that runs ComfyUI, and restart it."
        ) from error


def check_images(generated: Tensor, ground_truth: Tensor) -> None:
    """Raises ValueError for what cannot be compared frame by frame, (F, H, W, 3) each."""
    for name, images in (("generated", generated), ("ground_truth", ground_truth)):
        check_image(images, name)
        check_finite(images, name)
    count, expected = len(generated), len(ground_truth)
    if count != expected:
        raise ValueError(
            f"generated has {count} frame{'s' * (count != 1)} and ground_truth {expected}; expected as many, of the same "
            "moments: cut the longer one (ImageFromBatch), if both begin at the same one."
        )
    (height, width), (high, wide) = generated.shape[1:3], ground_truth.shape[1:3]
    if abs(width * high / (height * wide) - 1) > STRETCH:
        raise ValueError(
            f"generated is {width} x {height} pixels and ground_truth {wide} x {high}, of other proportions; expected the "
            "same part of the picture: crop one as the other was."
        )


def evaluate_images(generated: Tensor, ground_truth: Tensor, seen: Callable[[], Any]) -> tuple[dict[str, Any], Values]:
    """Measures what needs neither a network nor masks: returns the results, and the values of every frame (F,) by metric.

    generated, ground_truth: (F, H, W, 3) in [0, 1], checked. seen: called before each generated frame; may raise.
    """
    from .comparison import compare
    from .pairs import Pair
    from .per_frame import METRICS

    pair = Pair(ImageClip(NAME, generated, seen), ImageClip(NAME, ground_truth), len(generated))
    least = min(ground_truth.shape[1:3])
    wanted = {key: metric for key, metric in METRICS.items() if not metric.needs}
    missing = {
        key: f"it needs frames of {metric.least} x {metric.least} pixels or more."
        for key, metric in wanted.items()
        if metric.least > least
    }
    keys = [key for key in wanted if key not in missing]
    values = compare([pair], keys)[NAME]  # (F, K)
    found = means({NAME: values}, keys, seed=0)
    results = {
        "overall": found.overall,
        "videos": {NAME: found.videos[NAME] | {"frames": pair.count}},
        "left_out": found.left_out,
        "missing": missing,
        "notes": {key: METRICS[key].note for key in keys} | _remarks(generated, ground_truth),
        "frames": {"generated": pair.count, "true": pair.count},
    }
    return results, dict(zip(keys, values.T, strict=True))


def _remarks(generated: Tensor, ground_truth: Tensor) -> Mapping[str, str]:
    """What to know of all the numbers."""
    (height, width), (high, wide) = generated.shape[1:3], ground_truth.shape[1:3]
    said = {}
    if (height, width) != (high, wide):
        said["sizes"] = (
            f"generated is {width} x {height} and was brought to ground_truth's {wide} x {high} as in the published "
            "evaluation (bilinear, not antialiased)"
        )
    if (high, wide) != (PUBLISHED, PUBLISHED):
        said["published"] = f"frames are {wide} x {high}; published numbers are of {PUBLISHED} x {PUBLISHED}"
    for name, images in (("generated", generated), ("ground_truth", ground_truth)):
        low, high = float(images.min()), float(images.max())
        if low < 0 or high > 1:
            said[name] = (
                f"{name} reaches from {low:.3g} to {high:.3g}; what lies outside of 0 to 1 was cut off, as in a file"
            )
    return said
