"""3-D ResNet-50 (Hara et al., "Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and ImageNet?", 2018)."""

from torch import Tensor, nn
from torch.nn import functional as F

DEPTHS = (3, 4, 6, 3)  # blocks of each of the four stages
EXPANSION = 4


class Bottleneck(nn.Module):
    """1x1x1, 3x3x3 (the stride sits here), 1x1x1, and the input added; by a convolution where the shape changes."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.conv1, self.bn1 = nn.Conv3d(inputs, width, 1, bias=False), nn.BatchNorm3d(width)
        self.conv2, self.bn2 = nn.Conv3d(width, width, 3, stride, padding=1, bias=False), nn.BatchNorm3d(width)
        self.conv3, self.bn3 = nn.Conv3d(width, outputs, 1, bias=False), nn.BatchNorm3d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv3d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm3d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet3d(nn.Module):
    """A clip's 2048 features: the mean over the last stage's places; the head is held but not used.

    Parts are named as in the published file. width: of the first stage, smaller in tests.
    """

    def __init__(self, width: int = 64, depths: tuple[int, ...] = DEPTHS, classes: int = 400) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(3, width, 7, (1, 2, 2), padding=3, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        inputs = width
        for stage, depth in enumerate(depths):
            blocks = []
            for block in range(depth):
                blocks.append(Bottleneck(inputs, width << stage, stride=2 if stage and not block else 1))
                inputs = EXPANSION * width << stage
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.stages = len(depths)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, clip: Tensor) -> Tensor:
        """clip: (N, 3, 16, 112, 112), grey levels less their mean. Returns (N, 32 x width)."""
        x = F.max_pool3d(F.relu(self.bn1(self.conv1(clip))), 3, stride=2, padding=1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return x.mean((2, 3, 4))  # (N, C, 1, 4, 4) -> (N, C)
