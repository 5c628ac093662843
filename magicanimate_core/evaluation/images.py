"""Two batches of images that are in memory, compared as two videos are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from ..media.images import check_finite, check_image, to_levels
from .videos import PUBLISHED_SIDE, ComparedClip

if TYPE_CHECKING:
    from .planning import EvaluationPlan  # imports the libraries that may be missing

PIP_NAMES = {"skimage": "scikit-image", "cv2": "opencv-python-headless"}  # what pip calls them
ANIMATION_NAME = "animation"  # of the one video
STRETCH = 0.05  # how far proportions may differ, as sizes are rounded to multiples of 8
EVALUATION_CATEGORY = "magicanimate_evaluation"  # of the networks, a category of model files


@dataclass(frozen=True)
class ImageClip(ComparedClip):
    """Images (F, H, W, 3) in [0, 1] as a video; `seen` is called before each frame, and may raise."""

    images: Tensor
    seen: Callable[[], Any] = lambda: None

    @property
    def numbers(self) -> range:
        return range(1, len(self.images) + 1)

    def frames(self, count: int | None = None) -> Iterator[np.ndarray]:
        for image in self.images[:count]:
            self.seen()
            yield to_levels(image)


def check_packages() -> None:
    """Raises ValueError where a library is missing that the formulas come from, with what to do."""
    try:
        from . import per_frame, run  # noqa: F401
    except ImportError as error:
        missing = PIP_NAMES.get((error.name or "").split(".")[0])  # a library that is there may fail to load
        what = missing or f"libraries of which one cannot be loaded here ({str(error).splitlines()[0]})"
        raise ValueError(
            f"Evaluate Animation needs {what}: run `pip install {missing or ' '.join(PIP_NAMES.values())}` with the Python "
            "that runs ComfyUI, and restart it."
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


def plan_images(generated: Tensor, ground_truth: Tensor, places: Sequence[str], seen: Callable[[], Any]) -> "EvaluationPlan":
    """Finds out what can be measured on two batches (F, H, W, 3) in [0, 1], which were checked.

    places: folders in which networks' files may lie. seen: called before each frame that is read, `reads` times; may raise.
    Raises ValueError for a network that is there twice.
    """
    from .pairs import ClipPair
    from .per_frame import METRICS
    from .planning import ALL, EvaluationPlan, Request

    made, true = ImageClip(ANIMATION_NAME, generated, seen), ImageClip(ANIMATION_NAME, ground_truth, seen)
    request = Request(generated=Path("generated"), true=Path("ground_truth"))
    pair = ClipPair(made, true, len(generated))
    found = EvaluationPlan(request, {made.name: made}, {true.name: true}, None, pairs=[pair])
    found.keys = [key for key, metric in METRICS.items() if metric.needs != "mask"]
    found.others = [key for key in ALL if key not in METRICS]
    _leave_out(found, generated.shape[1:3], ground_truth.shape[1:3])
    _find_networks(found, places)
    found.notes |= _remarks(generated, ground_truth)
    return found


def _leave_out(found: "EvaluationPlan", size: Sequence[int], true_size: Sequence[int]) -> None:
    """Takes out what frames of these sizes (H, W) do not allow."""
    from .per_frame import METRICS

    for key in found.keys:
        if min(true_size) < METRICS[key].least:
            found.lacks([key], f"it needs frames of {METRICS[key].least} x {METRICS[key].least} pixels or more.")
    if tuple(size) != tuple(true_size):
        for key in (key for key in found.keys if METRICS[key].needs == "vgg"):
            found.lacks([key], "it compares frames of one size: bring both to it before.")


def _find_networks(found: "EvaluationPlan", places: Sequence[str]) -> None:
    """Finds the files of networks; what has none is missing, with where to get it."""
    from .networks.table import NETWORKS, find_network

    for name, network in NETWORKS.items():
        needed = [key for key in network.metrics if key in found.keys + found.others]
        path = next(filter(None, (find_network(name, place) for place in places)), None) if needed else None
        if path:
            found.networks[name] = path
        elif needed:
            place = f"models/{EVALUATION_CATEGORY}"
            found.lacks(needed, f"{network.file} is not in {place}: {network.kind}, from {network.where}.")


def reads(found: "EvaluationPlan") -> int:
    """Returns how many frames are read to measure what is planned: all, on both sides, by each that looks at them."""
    watching = [name for name in found.networks if name != "vgg"]
    return 2 * found.pairs[0].count * (len(watching) + bool(found.keys))


def _remarks(generated: Tensor, ground_truth: Tensor) -> Mapping[str, str]:
    """What to know of all the numbers."""
    (height, width), (high, wide) = generated.shape[1:3], ground_truth.shape[1:3]
    said = {}
    if (height, width) != (high, wide):
        said["sizes"] = (
            f"generated is {width} x {height} and was brought to ground_truth's {wide} x {high} as in the published "
            "evaluation (bilinear, not antialiased)"
        )
    if (high, wide) != (PUBLISHED_SIDE, PUBLISHED_SIDE):
        said["published"] = f"frames are {wide} x {high}; published numbers are of {PUBLISHED_SIDE} x {PUBLISHED_SIDE}"
    for name, images in (("generated", generated), ("ground_truth", ground_truth)):
        low, high = float(images.min()), float(images.max())
        if low < 0 or high > 1:
            said[name] = (
                f"{name} reaches from {low:.3g} to {high:.3g}; what lies outside of 0 to 1 was cut off, as in a file"
            )
    return said
