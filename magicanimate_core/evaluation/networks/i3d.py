"""I3D (Carreira and Zisserman, "Quo Vadis, Action Recognition?", 2017) as FVD uses it: 400 logits of a clip."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Size3d = tuple[int, int, int]

MIXED = {  # a block's six widths: 1x1; 1x1 and 3x3; 1x1 and 3x3; 1x1 behind the pool
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "MaxPool3d_4a_3x3": ((3, 3, 3), (2, 2, 2)),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "MaxPool3d_5a_2x2": ((2, 2, 2), (2, 2, 2)),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}


def pad_same(x: Tensor, kernel: Size3d, stride: Size3d) -> Tensor:
    """Pads (N, C, T, H, W) with zeros so that ceil(size / stride) places come out; an odd rest goes to the far side.

    TensorFlow's "same": how much it is depends on the input's size, so no fixed padding can stand for it.
    """
    pads = []
    for size, k, s in zip(reversed(x.shape[2:]), reversed(kernel), reversed(stride), strict=True):
        pad = max(k - (size % s or s), 0)
        pads += [pad // 2, pad - pad // 2]
    return F.pad(x, pads)


class Unit(nn.Module):
    """Convolution, batch norm, rectifier."""

    def __init__(self, inputs: int, outputs: int, kernel: Size3d = (1, 1, 1), stride: Size3d = (1, 1, 1)) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(inputs, outputs, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(outputs, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv3d(pad_same(x, self.conv3d.kernel_size, self.conv3d.stride))))


class Pool(nn.Module):
    """The largest value of each place. The zeros of the padding take part."""

    def __init__(self, kernel: Size3d, stride: Size3d) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool3d(pad_same(x, self.kernel, self.stride), self.kernel, self.stride)


class Mixed(nn.Module):
    """Four branches beside each other."""

    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        w0, w1a, w1b, w2a, w2b, w3 = widths
        self.b0 = Unit(inputs, w0)
        self.b1a, self.b1b = Unit(inputs, w1a), Unit(w1a, w1b, (3, 3, 3))
        self.b2a, self.b2b = Unit(inputs, w2a), Unit(w2a, w2b, (3, 3, 3))
        self.b3a, self.b3b = Pool((3, 3, 3), (1, 1, 1)), Unit(inputs, w3)
        self.width = w0 + w1b + w2b + w3

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x))], dim=1)


class Logits(nn.Module):
    """One convolution over single places, with a bias."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(inputs, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3d(x)


class I3D(nn.Module):
    """A clip's 400 logits, before any softmax. Parts are named as in the published file.

    narrow: divides all widths, for tests.
    """

    def __init__(self, classes: int = 400, narrow: int = 1) -> None:
        super().__init__()
        width, second = 64 // narrow, 192 // narrow
        self.body = {
            "Conv3d_1a_7x7": Unit(3, width, (7, 7, 7), (2, 2, 2)),
            "MaxPool3d_2a_3x3": Pool((1, 3, 3), (1, 2, 2)),
            "Conv3d_2b_1x1": Unit(width, width),
            "Conv3d_2c_3x3": Unit(width, second, (3, 3, 3)),
            "MaxPool3d_3a_3x3": Pool((1, 3, 3), (1, 2, 2)),
        }
        width = second
        for name, entry in MIXED.items():
            if name.startswith("MaxPool"):
                self.body[name] = Pool(*entry)
            else:
                self.body[name] = Mixed(width, tuple(w // narrow for w in entry))
                width = self.body[name].width
        for name, part in self.body.items():
            self.add_module(name, part)
        self.logits = Logits(width, classes)

    def forward(self, clip: Tensor) -> Tensor:
        """clip: (N, 3, T, 224, 224) in [-1, 1], T any. Returns (N, classes): the mean over the time steps that remain."""
        x = clip  # (N, C, T / 8, 7, 7) at the end
        for name in self.body:
            x = getattr(self, name)(x)
        x = self.logits(F.avg_pool3d(x, (1, 7, 7), stride=1))
        return x.squeeze(4).squeeze(3).mean(2)
