"""A DensePose net as the host's model, and the part maps of a batch of images."""

from dataclasses import dataclass

import comfy.model_management as mm
import comfy.utils
import torch
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ..media.densepose import paint
from ..media.images import check_finite, check_image, to_levels
from ..pose.detector import Detector, check_detect_size
from ..pose.exchange import EXPECTED_NET, DensePoseNet, densepose_net
from ..weights.files import file_name
from ..weights.script import open_script
from .versions import is_dynamic, new_patcher

NEEDED = 3 << 30  # bytes beside the weights: detectron2's R101 at 800 pixels, with a hundred people in fp32


@dataclass(eq=False)
class HostDensePose:
    """What goes from Load DensePose Model to DensePose from Video."""

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


def load_densepose(path: str) -> HostDensePose:
    """Loads a TorchScript file of either exchange. Raises FileNotFoundError, WrongFile or ValueError."""
    net = densepose_net(open_script(path, EXPECTED_NET), file_name(path))
    return HostDensePose(new_patcher(net.requires_grad_(False), disable_dynamic=True))


def densepose_video(model: HostDensePose, images: Tensor, detect_size: int) -> Tensor:
    """Returns DensePose in MagicAnimate's colours, RGB in [0, 1], for images (F, H, W, 3): the same shape, off the device.

    Raises ValueError for images, sizes and nets that cannot be used, and where there is not enough memory.
    """
    check_image(images, "images")
    check_finite(images, "images")
    check_detect_size(detect_size, "detect_size")
    detector = Detector(model.net, detect_size, model.load(), model.to_cpu)
    poses = torch.empty(*images.shape[:3], 3, device=mm.intermediate_device())  # (F, H, W, 3)
    bar = comfy.utils.ProgressBar(len(images))
    for pose, image in zip(poses, images, strict=True):
        mm.throw_exception_if_processing_interrupted()
        parts = detector(to_levels(image))  # (H, W)
        pose.copy_(torch.from_numpy(paint(parts)).float() / 255)
        bar.update(1)
    return poses
