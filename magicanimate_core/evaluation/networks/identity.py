"""Who it is: ResNet-50 of the person re-identification baseline (751 persons of Market-1501), up to its last pool."""

import torch
import torchvision
from torch import Tensor, nn

PERSONS, BOTTLENECK = 751, 512


class IdentityNet(nn.Module):
    """A frame's 2048 features. The heads are held, as the published file has them, but not used."""

    def __init__(self) -> None:
        super().__init__()
        self.model = torchvision.models.resnet50(weights=None)
        self.model.fc = nn.Sequential(nn.Linear(self.model.fc.in_features, BOTTLENECK), nn.BatchNorm1d(BOTTLENECK))
        self.classifier = nn.Sequential(nn.Linear(BOTTLENECK, PERSONS))

    def forward(self, frames: Tensor) -> Tensor:
        """frames: (N, 3, 288, 144). Returns (N, 2048)."""
        net = self.model
        x = net.maxpool(net.relu(net.bn1(net.conv1(frames))))
        x = net.layer4(net.layer3(net.layer2(net.layer1(x))))
        return torch.flatten(net.avgpool(x), 1)


def norm_by_frame(net: nn.Module) -> nn.Module:
    """Lets every batch norm use the statistics of what it is given, and leaves the stored ones as they are."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.0
    return net.train()
