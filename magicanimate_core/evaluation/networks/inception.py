"""FID's Inception: torchvision's frame with pytorch-fid's blocks, as pytorch-fid assembles it, and filled from a file.

pytorch-fid's own constructor downloads the weights, so its public blocks are put into place here.
"""

import torchvision
from pytorch_fid.inception import FIDInceptionA, FIDInceptionC, FIDInceptionE_1, FIDInceptionE_2
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = 1008
SIZE = 299
CHANGED = {  # blocks in which TensorFlow's Inception differs from torchvision's
    "Mixed_5b": lambda: FIDInceptionA(192, pool_features=32),
    "Mixed_5c": lambda: FIDInceptionA(256, pool_features=64),
    "Mixed_5d": lambda: FIDInceptionA(288, pool_features=64),
    "Mixed_6b": lambda: FIDInceptionC(768, channels_7x7=128),
    "Mixed_6c": lambda: FIDInceptionC(768, channels_7x7=160),
    "Mixed_6d": lambda: FIDInceptionC(768, channels_7x7=160),
    "Mixed_6e": lambda: FIDInceptionC(768, channels_7x7=192),
    "Mixed_7b": lambda: FIDInceptionE_1(1280),
    "Mixed_7c": lambda: FIDInceptionE_2(2048),
}


def build_inception() -> nn.Module:
    """Returns the network with the keys of the published file."""
    net = torchvision.models.inception_v3(weights=None, init_weights=False, num_classes=CLASSES, aux_logits=False)
    for name, block in CHANGED.items():
        setattr(net, name, block())
    return net


class Inception(nn.Module):
    """A frame's 2048 features."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        net.fc = nn.Identity()
        self.net = net

    def forward(self, frames: Tensor) -> Tensor:
        """frames: (N, 3, H, W) in [0, 1], of any size. Returns (N, 2048)."""
        x = F.interpolate(frames, (SIZE, SIZE), mode="bilinear", align_corners=False)  # not antialiased, as published
        return self.net(2 * x - 1)
