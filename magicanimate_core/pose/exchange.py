"""DensePose nets as TorchScript, in the two ways they are passed around, told apart by what the net itself says.

traced    takes a picture (3, H, W), answers with five tensors: boxes, coarse and fine logits, U, V (comfyui_controlnet_aux)
scripted  takes a picture (H, W, 3), resizes it inside, answers with a dict (dajes/DensePose-TorchScript)

Both want BGR, without a batch axis, one picture a call.
"""

import re
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FINE_PARTS = 25  # channels of the fine logits: background and 24 parts
NET_MULTIPLE = 64  # pixels; a traced net's picture is padded to multiples of it, as it was when the net was made
SLIMMEST = 4  # the longer side that a net sees is at most so many times the shorter one
USUAL_FILE = "densepose_r50_fpn_dl.torchscript"
SOURCES = (  # of both ways, for who has none
    f"{USUAL_FILE} from https://huggingface.co/LayerNorm/DensePose-TorchScript-with-hint-image, "
    "or a .pt from https://github.com/dajes/DensePose-TorchScript/releases"
)
EXPECTED_NET = f"a DensePose net as TorchScript ({SOURCES})"
NO_NUMBERS = re.compile(r"non-empty|0 elements|\[0,", re.I)  # how torch says that there was nothing to compute on


class People(NamedTuple):
    """Who is seen in a frame, in the net's order: the surest first."""

    boxes: Tensor  # (N, 4) left, top, right, bottom; pixels of the frame, fp32; may reach over its border
    coarse: Tensor  # (N, C, h, w) logits: channel 0 is "no body", h and w are 112 in the published nets
    fine: Tensor  # (N, 25, h, w) logits of the background and the parts

    def in_order(self, order: list[int]) -> "People":
        """Returns the same people in another order."""
        return People(*(of_all[order] for of_all in self))


class DensePoseNet(nn.Module):
    """A net of either way. Call it with a frame, RGB; how it wants it is its own business."""

    resizes = False  # whether the net brings pictures to its own size

    def __init__(self, script: torch.jit.ScriptModule, name: str) -> None:
        super().__init__()
        self.script, self.name = script, name
        self.eval()

    def forward(self, frame: Tensor, detect_size: int, device: torch.device) -> People | None:
        """Returns the people in a frame (H, W, 3) uint8 RGB; None for nobody.

        detect_size: pixels of the shorter side that the net sees, where it does not resize by itself. device: where its
        weights are. Raises ValueError where the answer is no DensePose, RuntimeError where it cannot be computed.
        """
        picture, scale = self.picture(frame.flip(-1), detect_size)
        try:
            with torch.jit.optimized_execution(False):  # else it is compiled anew for every number of people
                answer = self.script(picture.to(device))
        except RuntimeError as error:
            if NO_NUMBERS.search(str(error).strip().rpartition("\n")[2]):
                return None  # some traces cannot do without anybody
            raise
        people = self._checked(answer)
        if people is None or not (self.resizes or scale != (1, 1)):
            return people
        return people._replace(boxes=(people.boxes / torch.tensor([*scale, *scale])).round())  # cut, they would shrink

    def picture(self, bgr: Tensor, detect_size: int) -> tuple[Tensor, tuple[float, float]]:
        """Returns a frame (H, W, 3) uint8 BGR as the net takes it, and how many of its pixels are one of the frame: x, y."""
        raise NotImplementedError

    def outputs(self, answer: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Picks boxes, coarse and fine logits. Raises KeyError, TypeError or ValueError for something else."""
        raise NotImplementedError

    def _checked(self, answer: Any) -> People | None:
        try:
            boxes, coarse, fine = self.outputs(answer)
            if boxes.numel() == 0:
                return None
            people = len(boxes)
            right = boxes.shape == (people, 4) and fine.ndim == coarse.ndim == 4 and fine.shape[:2] == (people, FINE_PARTS)
            right = right and len(coarse) == people and coarse.shape[1] > 1
        except (KeyError, TypeError, ValueError, AttributeError):
            right = False
        if not right:
            raise ValueError(f"{self.name} does not answer as a DensePose net does; expected {EXPECTED_NET}.")
        boxes = boxes.detach().cpu().float()
        known = boxes.isfinite().all(1)
        found = known.nonzero()[:, 0].tolist()
        return People(boxes, coarse.float(), fine.float()).in_order(found) if found else None


class TracedNet(DensePoseNet):
    """Nothing is resized inside: the size of the picture is the size that the net sees."""

    def picture(self, bgr: Tensor, detect_size: int) -> tuple[Tensor, tuple[float, float]]:
        """-> (3, h, w) uint8, its shorter side detect_size, and then padded at the right and below by its last pixels."""
        height, width = bgr.shape[:2]
        scale = detect_size / max(min(height, width), max(height, width) / SLIMMEST)
        size = max(1, round(height * scale)), max(1, round(width * scale))
        pixels = bgr.movedim(-1, 0)[None]  # (1, 3, H, W)
        if size != (height, width):
            pixels = F.interpolate(pixels.float(), size, mode="bicubic", antialias=True).round().clamp(0, 255)
        padding = (0, -size[1] % NET_MULTIPLE, 0, -size[0] % NET_MULTIPLE)
        padded = F.pad(pixels.float(), padding, mode="replicate")[0].to(torch.uint8)
        return padded.contiguous(), (size[1] / width, size[0] / height)

    def outputs(self, answer: Any) -> tuple[Tensor, Tensor, Tensor]:
        boxes, coarse, fine, _, _ = answer
        return boxes, coarse, fine


class ScriptedNet(DensePoseNet):
    """The net brings every picture to its own size, and tells boxes in pixels of what it was given."""

    resizes = True

    def picture(self, bgr: Tensor, detect_size: int) -> tuple[Tensor, tuple[float, float]]:
        return bgr.contiguous(), (1.0, 1.0)

    def outputs(self, answer: Any) -> tuple[Tensor, Tensor, Tensor]:
        return answer["pred_boxes"], answer["pred_densepose_coarse_segm"], answer["pred_densepose_fine_segm"]


def densepose_net(script: torch.jit.ScriptModule, name: str) -> DensePoseNet:
    """Makes a net of an opened file. name: the file's, for messages. Raises ValueError for a net of something else."""
    schema = script.forward.schema
    needed = [a for a in schema.arguments[1:] if not a.has_default_value()]
    answer = schema.returns[0].type if len(schema.returns) == 1 else None
    kind = getattr(answer, "kind", lambda: "")()
    if len(needed) == 1 and kind == "DictType":
        return ScriptedNet(script, name)
    if len(needed) == 1 and kind == "TupleType" and [part.kind() for part in answer.elements()] == ["TensorType"] * 5:
        return TracedNet(script, name)
    takes = ", ".join(str(a.type) for a in schema.arguments[1:])
    gives = ", ".join(str(r.type) for r in schema.returns)
    raise ValueError(f"{name} is a net of something else ({takes} -> {gives}); expected {EXPECTED_NET}.")
