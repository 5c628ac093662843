"""LPIPS (Zhang et al. 2018) by the lpips library: VGG16 from its own file, the small heads from the library."""

import warnings
from importlib.resources import files

import lpips
import numpy as np
import torch
import torchvision
from torch import nn

from .watching import watching

STARTS = (0, 4, 9, 16, 23)  # layers of VGG16 at which the library's five slices begin


def build_vgg() -> nn.Module:
    """Returns VGG16 with the keys of the published file."""
    return torchvision.models.vgg16(weights=None, init_weights=False)


def perceptual_net(vgg: nn.Module) -> nn.Module:
    """Returns LPIPS with this VGG16 in it, and with the heads (v0.1) that the library ships."""
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore", UserWarning)  # the library's names of torchvision's options are old
        net = lpips.LPIPS(net="vgg", pretrained=False, pnet_rand=True, verbose=False)
    heads = torch.load(str(files("lpips") / "weights" / "v0.1" / "vgg.pth"), "cpu", weights_only=True)
    state = {key.replace("lin", "lins.", 1): tensor for key, tensor in heads.items()} | heads
    for key, tensor in vgg.features.state_dict().items():  # "layer.weight", "layer.bias"
        part = sum(int(key.split(".")[0]) >= start for start in STARTS)
        state[f"net.slice{part}.{key}"] = tensor
    net.load_state_dict(state | dict(net.named_buffers()), assign=True)
    return net


def perceptual_distances(net: nn.Module, generated: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns LPIPS of pairs of frames, (N,) float32 each: (as published, correct).

    generated, true: (N, H, W, 3) uint8. The network expects [-1, 1]; the published numbers were made on [0, 1], which
    halves the contrast that it sees. Raises ValueError where sizes differ.
    """
    if generated.shape != true.shape:
        raise ValueError(
            f"LPIPS compares frames of one size: {generated.shape[2]} x {generated.shape[1]} were generated, "
            f"the true ones are {true.shape[2]} x {true.shape[1]}."
        )
    device = next(net.parameters()).device
    a, b = (torch.from_numpy(frames).to(device).permute(0, 3, 1, 2).float() / 255 for frames in (generated, true))
    with watching():
        published, correct = (net(a, b, normalize=normalize).flatten().cpu().numpy() for normalize in (False, True))
    return published, correct
