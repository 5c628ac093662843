"""What finds the parts of people, as the host has it, and the part maps of a batch of images."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import comfy.model_management as mm
import comfy.utils
import numpy as np
import torch
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ..bodies.landmarks import is_bundle
from ..media.densepose import paint
from ..media.images import check_finite, check_image, to_levels
from ..pose.detector import Detector, check_detect_size
from ..pose.exchange import EXPECTED_NET, DensePoseNet, densepose_net
from ..weights.files import file_name
from ..weights.script import open_script
from .versions import is_dynamic, new_patcher

NEEDED = 3 << 30  # bytes beside the weights: detectron2's R101 at 800 pixels, with a hundred people in fp32


PartsOf = Callable[[np.ndarray], np.ndarray]  # a frame (H, W, 3) uint8 RGB -> parts (H, W) uint8


class PartsFinder(Protocol):
    """What goes from Load DensePose Model to DensePose from Video."""

    def finding(self, detect_size: int) -> AbstractContextManager[PartsOf]:
        """Gives what finds the parts in the frames of one clip, one after another."""


@dataclass(eq=False)
class HostDensePose:
    """A DensePose net under the host's memory manager."""

    patcher: ModelPatcher
    on_cpu: bool = False  # since the accelerator lacked something that the net needs

    @property
    def net(self) -> DensePoseNet:
        """The net, wherever its weights are."""
        return self.patcher.model

    def get_models(self) -> list[ModelPatcher]:
        """Lists what the host may move."""
        return [self.patcher]

    def is_dynamic(self) -> bool:
        """Returns whether its weights are streamed."""
        return is_dynamic(self.patcher)

    def load(self) -> torch.device:
        """Puts the weights where the host computes, and returns that place. All of them: TorchScript cannot be streamed."""
        if self.on_cpu:
            return torch.device("cpu")
        mm.load_models_gpu([self.patcher], memory_required=NEEDED, force_full_load=True)
        self.net.to(self.patcher.load_device)  # with --novram the host leaves there only what it can stream
        return self.patcher.load_device

    def to_cpu(self) -> None:
        """Puts the weights on the CPU for good."""
        self.patcher.detach()
        self.net.to("cpu")
        self.on_cpu = True

    def finding(self, detect_size: int) -> nullcontext[Detector]:
        """Gives what finds the parts in the frames of one clip, with the weights where the host computes."""
        return nullcontext(Detector(self.net, detect_size, self.load(), self.to_cpu))


@dataclass(frozen=True)
class HostBodies:
    """Joints by MediaPipe, which runs on the CPU and has nothing that the host could move."""

    path: Path

    def finding(self, detect_size: int) -> AbstractContextManager[PartsOf]:
        """Gives what draws the parts of people in the frames of one clip; it sees frames at a size of its own."""
        from ..bodies.source import BodySource  # what draws is needed by few: it asks for OpenCV

        return closing(BodySource.open(self.path))


def load_densepose(path: str) -> PartsFinder:
    """Loads a TorchScript file of either exchange, or a bundle of MediaPipe's.

    Raises FileNotFoundError, WrongFile or ValueError.
    """
    if is_bundle(path):
        bodies = HostBodies(Path(path))
        with bodies.finding(0):  # whether it can be opened
            return bodies
    net = densepose_net(open_script(path, EXPECTED_NET), file_name(path))
    return HostDensePose(new_patcher(net.requires_grad_(False), disable_dynamic=True))


def densepose_video(model: PartsFinder, images: Tensor, detect_size: int) -> Tensor:
    """Returns DensePose in MagicAnimate's colours, RGB in [0, 1], for images (F, H, W, 3): the same shape, off the device.

    Raises ValueError for images, sizes and nets that cannot be used, and where there is not enough memory.
    """
    check_image(images, "images")
    check_finite(images, "images")
    check_detect_size(detect_size, "detect_size")
    poses = torch.empty(*images.shape[:3], 3, device=mm.intermediate_device())  # (F, H, W, 3)
    bar = comfy.utils.ProgressBar(len(images))
    with model.finding(detect_size) as parts_of:
        for pose, image in zip(poses, images, strict=True):
            mm.throw_exception_if_processing_interrupted()
            pose.copy_(torch.from_numpy(paint(parts_of(to_levels(image)))).float() / 255)
            bar.update(1)
    return poses
