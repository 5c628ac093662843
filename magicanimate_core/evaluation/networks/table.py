"""Which networks there are, which numbers need them, and where their files come from and lie."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

DISCO_ARCHIVE = "folder eval_fvd of the archive that DisCo's README links: https://github.com/Wangt-CN/DisCo"
POSE_EVALUATION = "README of https://github.com/AliaksandrSiarohin/pose-evaluation"
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Network:
    """One published network.

    file: its published name. kind: what it is, in words. where: where to get it. metrics: which numbers need it.
    build: makes the bare module, whose state has the published keys. wrap: makes what is called, from the filled module.
    Both import a library of the evaluation where they need one.
    """

    file: str
    kind: str
    where: str
    metrics: tuple[str, ...]
    build: Callable[[], nn.Module]
    wrap: Callable[[nn.Module], nn.Module] = lambda net: net

    @property
    def expected(self) -> str:
        """What a file must be, for messages."""
        return f"{self.kind} ({self.file}; {self.where})"

    def empty(self) -> nn.Module:
        """Returns the bare module without numbers in it: nothing is drawn at random, no memory is taken."""
        with torch.device("meta"):
            return self.build()

    def filled(self, weights: Weights) -> nn.Module:
        """Returns what is called, with these tensors."""
        net = self.empty()
        net.load_state_dict(dict(weights), assign=True)
        return self.wrap(net).eval().requires_grad_(False)


def _inception() -> nn.Module:
    from .inception import build_inception

    return build_inception()


def _inception_features(net: nn.Module) -> nn.Module:
    from .inception import Inception

    return Inception(net)


def _vgg() -> nn.Module:
    from .perceptual import build_vgg

    return build_vgg()


def _lpips(net: nn.Module) -> nn.Module:
    from .perceptual import perceptual_net

    return perceptual_net(net)


def _i3d() -> nn.Module:
    from .i3d import I3D

    return I3D()


def _resnet3d() -> nn.Module:
    from .resnet3d import ResNet3d

    return ResNet3d()


def _pose() -> nn.Module:
    from .pose import PoseNet

    return PoseNet()


def _identity() -> nn.Module:
    from .identity import IdentityNet

    return IdentityNet()


INCEPTION_FILE, VGG_FILE = "pt_inception-2015-12-05-6726825d.pth", "vgg16-397923af.pth"
INCEPTION_LINK = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{INCEPTION_FILE}"
VGG_LINK = f"https://download.pytorch.org/models/{VGG_FILE}"
POSE_LINK = f"https://yadi.sk/d/0L-PgAaGRKgkJA ({POSE_EVALUATION})"
IDENTITY_LINK = f"https://yadi.sk/d/jAPhvFEFp6qzIw ({POSE_EVALUATION})"

NETWORKS: dict[str, Network] = {
    "inception": Network(INCEPTION_FILE, "FID's Inception", INCEPTION_LINK, ("fid",), _inception, _inception_features),
    "vgg": Network(VGG_FILE, "torchvision's VGG16", VGG_LINK, ("lpips", "lpips_disco"), _vgg, _lpips),
    "i3d": Network("i3d_pretrained_400.pt", "the I3D of FVD", DISCO_ARCHIVE, ("fvd",), _i3d),
    "resnet3d": Network("resnet-50-kinetics.pth", "the 3-D ResNet-50 of FID-VID", DISCO_ARCHIVE, ("fid_vid",), _resnet3d),
    "pose": Network("pose_model.pth", "the pose network of AKD", POSE_LINK, ("akd", "mkr"), _pose),
    "identity": Network("reid_model.pth", "the re-identification network of AED", IDENTITY_LINK, ("aed",), _identity),
}


def find_network(name: str, folder: str | Path) -> Path | None:
    """Returns the file of a network in a folder or one folder deeper, as published or as safetensors; None without one.

    Raises ValueError where there are several.
    """
    published, folder = Path(NETWORKS[name].file), Path(folder)
    names = (published.name, published.with_suffix(".safetensors").name)
    for place in ("", "*/"):
        found = sorted(path for file in names for path in folder.glob(place + file) if path.is_file())
        if len(found) > 1:
            raise ValueError(f"{folder} holds {NETWORKS[name].kind} twice, {found[0]} and {found[1]}: keep one of them.")
        if found:
            return found[0]
    return None
