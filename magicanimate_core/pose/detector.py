"""DensePose of a film: the part map of every frame, one after another. The node's and the command's."""

import numpy as np
import torch

from .exchange import DensePoseNet
from .maps import part_map
from .order import DrawingOrder

DETECT_SIZE, SMALLEST, LARGEST = 512, 64, 2048  # pixels of the shorter side that a net sees: usual, limits
DETECT_WORDS = (
    "Pixels of the shorter side that the net sees. Larger finds small and far people and takes longer; detectron2 itself "
    "uses 800. Files of dajes/DensePose-TorchScript resize inside, to 800, whatever it says here."
)


def check_detect_size(size: int, name: str) -> None:
    """Raises ValueError for a size that no net should see."""
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"{name} is {size}; expected {SMALLEST} to {LARGEST} pixels, usually {DETECT_SIZE}.")


class Detector:
    """Finds the parts of people in the frames of one clip. device: where the net's weights are; may be changed."""

    def __init__(self, net: DensePoseNet, detect_size: int, device: torch.device) -> None:
        self.net, self.detect_size, self.device = net, detect_size, device
        self.order = DrawingOrder()

    @torch.inference_mode()
    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Returns the parts (H, W) uint8 of the next frame (H, W, 3) uint8 RGB, at its own size. Raises as the net does."""
        people = self.net(torch.from_numpy(np.ascontiguousarray(frame)), self.detect_size, self.device)
        order = self.order(np.zeros((0, 4)) if people is None else people.boxes.double().numpy())
        drawn = None if people is None else people.in_order(order)
        return part_map(drawn, *frame.shape[:2]).cpu().numpy()
