"""Stand-ins for DensePose nets, in both published ways: they read the parts out of pictures painted in the parts' colours.

Like the real ones they take BGR without a batch axis and answer with boxes and 112 x 112 logits. The left and the right
half of a picture are a person each, the larger one first; an empty half is nobody.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..media.densepose import PART_COLOURS

LOGITS = 112  # side of the logits
SHORT, LONG = 800, 1333  # what a scripted net resizes to: its shorter side, its longer one at most


class ColourReader(nn.Module):
    """(3, H, W) BGR, 0..255 -> boxes (N, 4), coarse (N, 2, 112, 112), fine, u, v (N, 25, 112, 112), N = 0, 1 or 2."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("colours", torch.from_numpy(PART_COLOURS[:, ::-1].copy()).float())  # (25, 3) BGR
        self.register_buffer("parts", torch.arange(25.0)[:, None, None])  # (25, 1, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        levels = image.float().permute(1, 2, 0)[:, :, None]  # (H, W, 1, 3)
        part = (levels - self.colours).abs().sum(3).argmin(2).float()  # (H, W)
        column = torch.arange(part.shape[1], device=part.device)  # (W,)
        row = torch.arange(part.shape[0], device=part.device)  # (H,)
        left = (column * 2 < part.shape[1]).float()
        halves = torch.stack([part * left, part * (1 - left)])  # (2, H, W)
        body = halves > 0
        across, down = body.any(1).float(), body.any(2).float()  # (2, W), (2, H)
        far = 1e5
        low = torch.stack([(column + far * (1 - across)).amin(1), (row + far * (1 - down)).amin(1)], 1)  # (2, 2)
        high = torch.stack([((column + 1) * across).amax(1), ((row + 1) * down).amax(1)], 1)  # (2, 2)
        boxes = torch.cat([low, high], 1)  # (2, 4)
        size = body.float().sum(2).sum(1)  # (2,)
        order = size.argsort(descending=True)
        order = order[size[order] > 0]  # (N,)
        boxes, halves = boxes[order], halves[order]
        step = (torch.arange(112, device=part.device) + 0.5) / 112  # (112,)
        x = boxes[:, 0, None] + step * (boxes[:, 2] - boxes[:, 0])[:, None]  # (N, 112) edges at whole numbers
        y = boxes[:, 1, None] + step * (boxes[:, 3] - boxes[:, 1])[:, None]
        grid = torch.stack([(x * 2 / part.shape[1] - 1)[:, None, :].repeat(1, 112, 1),
                            (y * 2 / part.shape[0] - 1)[:, :, None].repeat(1, 1, 112)], 3)  # (N, 112, 112, 2)  # fmt: skip
        shares = (halves[:, None] == self.parts).float()  # (N, 25, H, W)
        fine = F.grid_sample(shares, grid.float(), align_corners=False)  # (N, 25, 112, 112)
        coarse = torch.stack([fine[:, 0], 1 - fine[:, 0]], 1)
        return boxes, coarse, fine, fine * 0.5, fine * 0.5


class ResizingReader(nn.Module):
    """(H, W, 3) or (3, H, W), BGR -> a dict; pictures are resized inside, boxes are told in pixels of what came."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = ColourReader()

    def forward(self, image: Tensor, bgr: bool = True) -> dict[str, Tensor]:
        if image.shape[2] == 3:
            image = image.permute(2, 0, 1)
        height, width = image.shape[1], image.shape[2]
        k = min(800.0 / min(height, width), 1333.0 / max(height, width))
        size = [int(height * k), int(width * k)]
        resized = F.interpolate(image[None].float(), size, mode="nearest-exact")[0]  # the real ones: bilinear
        boxes, coarse, fine, u, v = self.reader(resized)
        boxes = boxes / torch.tensor([size[1] / width, size[0] / height, size[1] / width, size[0] / height])
        return {
            "image_size": torch.tensor([height, width]),
            "pred_boxes": boxes,
            "scores": torch.ones(len(boxes)),
            "pred_classes": torch.zeros(len(boxes)),
            "pred_densepose_coarse_segm": coarse,
            "pred_densepose_fine_segm": fine,
            "pred_densepose_u": u,
            "pred_densepose_v": v,
        }


def write_traced(path: Path) -> Path:
    """Writes a stand-in for densepose_r50_fpn_dl.torchscript."""
    example = torch.zeros(3, 64, 96, dtype=torch.uint8)
    example[:, 8:40, 8:40] = torch.from_numpy(PART_COLOURS[2, ::-1].copy())[:, None, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.jit.trace(ColourReader(), example, check_trace=False).save(str(path))
    return path


def write_scripted(path: Path) -> Path:
    """Writes a stand-in for densepose_rcnn_R_50_FPN_s1x_fp32.pt."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.jit.script(ResizingReader()).save(str(path))
    return path
