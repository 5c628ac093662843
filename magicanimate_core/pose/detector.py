"""DensePose of a film: the part map of every frame, one after another. The node's and the command's."""

import logging
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .exchange import EXPECTED_NET, DensePoseNet, People
from .maps import part_map
from .order import DrawingOrder

LOG = logging.getLogger(__name__)
DETECT_SIZE, SMALLEST, LARGEST = 512, 64, 2048  # pixels of the shorter side that a net sees: usual, limits
DETECT_WORDS = (
    "Pixels of the shorter side that the net sees. Larger finds small and far people and takes longer; detectron2 itself "
    "uses 800. Files of dajes/DensePose-TorchScript resize inside, to 800, whatever it says here, and "
    "MediaPipe to a size of its own."
)


def check_detect_size(size: int, name: str) -> None:
    """Raises ValueError for a size that no net should see."""
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"{name} is {size}; expected {SMALLEST} to {LARGEST} pixels, usually {DETECT_SIZE}.")


class Detector:
    """Finds the parts of people in the frames of one clip."""

    def __init__(
        self, net: DensePoseNet, detect_size: int, device: torch.device, to_cpu: Callable[[], None] | None = None
    ) -> None:
        """device: where the net's weights are. to_cpu: moves them, when it turns out that the device cannot run the net."""
        self.net, self.detect_size, self.device = net, detect_size, device
        self.to_cpu = to_cpu or (lambda: net.to("cpu"))
        self.order = DrawingOrder()

    @torch.inference_mode()
    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Returns the parts (H, W) uint8 of the next frame (H, W, 3) uint8 RGB, at its own size.

        Raises ValueError where there is not enough memory, and for a net that does not do what it should.
        """
        people = self._people(torch.from_numpy(np.ascontiguousarray(frame)))
        order = self.order(np.zeros((0, 4)) if people is None else people.boxes.double().numpy())
        drawn = None if people is None else people.in_order(order)
        return part_map(drawn, *frame.shape[:2]).cpu().numpy()

    def _people(self, frame: Tensor) -> People | None:
        """Who is in a frame (H, W, 3) uint8; from now on by the CPU, where an accelerator lacks something."""
        try:
            return self.net(frame, self.detect_size, self.device)
        except RuntimeError as error:  # TorchScript has no other kind
            reason = str(error).strip().rpartition("\n")[2]
            if "out of memory" in reason.lower():
                raise ValueError(
                    f"There is not enough memory for DensePose at {self.detect_size} pixels: take less."
                ) from error
            if self.device.type == "cpu":
                raise ValueError(f"{self.net.name} fails at a frame ({reason}); expected {EXPECTED_NET}.") from error
        LOG.warning("%s cannot run on %s (%s); it goes on on the CPU.", self.net.name, self.device, reason)
        self.to_cpu()
        self.device = torch.device("cpu")
        return self._people(frame)
