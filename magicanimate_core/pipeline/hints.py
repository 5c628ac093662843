"""Poses that are read, brought to size and converted once per run, not at every step."""

import torch
from torch import Tensor

from ..method.picking import picked
from .conditions import PoseImages, Poses

# bytes of a clip's poses that are kept; longer clips are prepared at every step, so that memory does not grow
KEPT_LIMIT = 2**30


class KeptPoses:
    """The poses of a clip in a net's precision, off the device: kept from when they are first asked for.

    They lie in pinned memory where `pin` says so, so that nobody waits for a copy of them.
    """

    def __init__(self, poses: Poses, dtype: torch.dtype, *, pin: bool) -> None:
        first = poses([0]).to(dtype)  # (1, 3, H, W)
        lies = torch.channels_last if first.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
        self.poses, self.there = poses, set[int]()
        shape = (len(poses), *first.shape[1:])
        self.kept = torch.empty(shape, dtype=dtype, device=first.device, memory_format=lies, pin_memory=pin)

    def __len__(self) -> int:
        return len(self.poses)

    def __call__(self, frames: list[int]) -> Tensor:
        """Returns the images of some frames, (len(frames), 3, H, W)."""
        missing = [frame for frame in dict.fromkeys(frames) if frame not in self.there]
        if missing:
            for frame, pose in zip(missing, self.poses(missing), strict=True):
                self.kept[frame] = pose
            self.there.update(missing)
        return picked(self.kept, frames)


def kept_poses(poses: Poses, device: torch.device, dtype: torch.dtype) -> Poses:
    """Returns poses for one run on a device: themselves where nothing has to be prepared, or where they are too many."""
    first = poses([0])
    as_they_are = isinstance(poses, PoseImages) and first.dtype == dtype and first.device == device
    if as_they_are or len(poses) * first.numel() * dtype.itemsize > KEPT_LIMIT:
        return poses
    return KeptPoses(poses, dtype, pin=device.type != first.device.type and torch.cuda.is_available())
