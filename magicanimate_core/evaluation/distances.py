"""FID, FID-VID and FVD: from the frames of videos to what a network saw in them, streaming."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from .clips import I3D_LOOK, RESNET_LOOK, Look, NumberedFrames, segments, whole_clip, windows
from .frechet import SetFeatures
from .networks.watching import watching

SAMPLE_LAYOUTS = ("frames", "files")
Shaped = TypeVar("Item")


def stills(frames: NumberedFrames) -> Iterator[Tensor]:
    """Gives every frame as (3, H, W) in [0, 1]."""
    for _, frame in frames:
        yield torch.from_numpy(frame.copy()).permute(2, 0, 1).float() / 255


def _clips(
    cut: Callable[[NumberedFrames, Look], Iterator[Tensor]], look: Look
) -> Callable[[NumberedFrames], Iterator[Tensor]]:
    return lambda frames: cut(frames, look)


@dataclass(frozen=True)
class Distance:
    """One distance: a network, and how each layout cuts a video into what it sees.

    network: its key in NETWORKS. cut: by layout, frames -> inputs (3, ...). batch: inputs per call. averaged: layouts in
    which a video is one sample, the mean over its inputs.
    """

    network: str
    cut: dict[str, Callable[[NumberedFrames], Iterator[Tensor]]]
    batch: int
    averaged: tuple[str, ...] = ()


DISTANCES: dict[str, Distance] = {
    "fid": Distance("inception", dict.fromkeys(SAMPLE_LAYOUTS, stills), batch=16),
    "fid_vid": Distance(
        "resnet3d",
        {"frames": _clips(windows, RESNET_LOOK), "files": _clips(segments, RESNET_LOOK)},
        batch=8,
        averaged=("files",),
    ),
    "fvd": Distance("i3d", {"frames": _clips(windows, I3D_LOOK), "files": _clips(whole_clip, I3D_LOOK)}, batch=4),
}


class SeenSet:
    """Watches one set's videos with a network; `features` is what it saw."""

    def __init__(self, distance: Distance, network: nn.Module, layout: str, device: torch.device | str) -> None:
        self.distance, self.network, self.layout, self.device = distance, network, layout, device
        self.features = SetFeatures()

    def add(self, video: str, frames: NumberedFrames) -> int:
        """Watches a video; returns how many samples it gave: none for one that is too short for the layout.

        frames: (number, (H, W, 3) uint8) in rising order, used once. Raises ValueError for frames that are not this.
        """
        inputs = self.distance.cut[self.layout](_checked(video, frames))
        answers = [self._answers(batch) for batch in batches(inputs, self.distance.batch)]
        if not answers:
            return 0
        features = torch.cat(answers)  # (N, D)
        if self.layout in self.distance.averaged:
            features = features.mean(0, keepdim=True)
        self.features.add(features.numpy(), video)
        return len(features)

    def _answers(self, batch: list[Tensor]) -> Tensor:
        with watching():
            return self.network(torch.stack(batch).to(self.device)).float().cpu()


def distance_features(name: str, network: nn.Module, layout: str, device: torch.device | str) -> SeenSet:
    """Returns what collects a distance's features over one set of videos. Raises ValueError for a layout that is none.

    name: key of DISTANCES. network: from open_network, on `device`. layout: of SAMPLE_LAYOUTS.
    """
    if layout not in SAMPLE_LAYOUTS:
        raise ValueError(f"Layout {layout!r} is none of {', '.join(SAMPLE_LAYOUTS)}.")
    return SeenSet(DISTANCES[name], network, layout, device)


def batches(items: Iterable[Shaped], size: int) -> Iterator[list[Shaped]]:
    """Gives lists of up to `size` neighbouring items; those of a list have one shape."""
    batch: list[Shaped] = []
    for item in items:
        if batch and (len(batch) == size or item.shape != batch[0].shape):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _checked(video: str, frames: NumberedFrames) -> NumberedFrames:
    for number, frame in frames:
        if frame.dtype != "uint8" or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(f"Frame {number} of {video} is {frame.dtype} {frame.shape}; expected (H, W, 3) uint8.")
        yield number, frame
