"""Poses as a ControlNet reads them, prepared once per run and brought to the device without waiting."""

from collections.abc import Callable, Sequence

import comfy.model_management as mm
import comfy.utils
import torch
from torch import Tensor

from ..method.picking import picked, stretches
from .moving import to_device
from .versions import pin, unpin

AT_ONCE = 32  # frames that are prepared in one go
SLICES = 2  # a window that runs over the end of the clip has two stretches of frames, each copied as it lies


class PoseHints:
    """A pose video (F, 3, H, W) at the size (height, width) and in the dtype of a net.

    All frames are prepared when the first is asked for. They stay where the video lies, pinned where the host pins memory;
    where it has no room for them, every call prepares its own.
    """

    def __init__(
        self, poses: Tensor, size: tuple[int, int], dtype: torch.dtype, preprocess: Callable[[Tensor], Tensor]
    ) -> None:
        """preprocess: what the net does to its pictures first."""
        self.poses, self.size, self.dtype, self.preprocess = poses, size, dtype, preprocess
        self.ready: Tensor | None = None  # (F, 3, height, width)
        self.pinned: Tensor | None = None

    def of(self, frames: Sequence[int], device: torch.device) -> Tensor:
        """Returns the hints of some frames of the clip on the device, (n, 3, height, width); the last one stays."""
        shown = [min(frame, self.poses.shape[0] - 1) for frame in frames]
        once = list(dict.fromkeys(shown))
        if self.ready is None and self._has_room():
            self._prepare_all()
        if self.ready is None:
            hints = to_device(self._prepared(picked(self.poses, once)), device)
        elif len(parts := stretches(once)) > SLICES:
            hints = to_device(self.ready[once], device)
        else:
            slices = [to_device(self.ready[part.start : part.stop], device) for part in parts]
            hints = slices[0] if len(slices) == 1 else torch.cat(slices)
        return picked(hints, [once.index(frame) for frame in shown])

    def close(self) -> None:
        """Lets go of pinned memory."""
        if self.pinned is not None:
            unpin(self.pinned)
        self.ready = self.pinned = None

    def _has_room(self) -> bool:
        """Whether all frames fit into half of what is free; frames that are used as they come need nothing."""
        height, width = self.size
        size = self.poses.shape[0] * self.poses.shape[1] * height * width * self.dtype.itemsize
        return self._fits() or 2 * size <= mm.get_free_memory(self.poses.device)

    def _fits(self) -> bool:
        return self.poses.shape[-2:] == self.size and self.poses.dtype == self.dtype

    def _prepare_all(self) -> None:
        if self._fits():
            self.ready = self.preprocess(self.poses)
            return
        frames, channels = self.poses.shape[:2]
        rows = torch.empty(frames, *self.size, channels, dtype=self.dtype, device=self.poses.device)  # laid as pictures are
        self.pinned = rows if pin(rows) else None
        self.ready = rows.movedim(-1, 1)
        for ready, poses in zip(self.ready.split(AT_ONCE), self.poses.split(AT_ONCE), strict=True):
            ready.copy_(self._prepared(poses))

    def _prepared(self, poses: Tensor) -> Tensor:  # (n, 3, H, W) -> (n, 3, height, width)
        if poses.shape[-2:] != self.size:
            poses = comfy.utils.common_upscale(poses, self.size[1], self.size[0], "nearest-exact", "center")
        return self.preprocess(poses).to(self.dtype)
