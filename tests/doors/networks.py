"""Files that people have for a metric's network, and what is said of them."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pack.magicanimate_core.evaluation.networks.table import NETWORKS
from pack.tests.doors.table import Case, Refused
from safetensors.torch import save_file
from torch import Tensor, nn

Files = Callable[[Path], Path]  # writes into a folder
FILE = NETWORKS["i3d"].file


def weights(name: str, **changes: Tensor | None) -> dict[str, Tensor]:
    """A network's tensors, of which a file holds one number each. A change of None leaves a tensor out."""
    state = {key: torch.ones((), dtype=t.dtype).expand(t.shape) for key, t in NETWORKS[name].empty().state_dict().items()}
    state |= {key.replace("__", "."): tensor for key, tensor in changes.items()}
    return {key: tensor for key, tensor in state.items() if tensor is not None}


def saved(content: Callable[[], Any], name: str = FILE) -> Files:
    """A file by torch.save."""

    def write(folder: Path) -> Path:
        torch.save(content(), folder / name)
        return folder / name

    return write


def i3d(change: Callable[[dict[str, Tensor]], Any] = lambda state: state, name: str = FILE) -> Files:
    """I3D's file, with something changed."""
    return saved(lambda: change(weights("i3d")), name)


def written(data: bytes, name: str = FILE) -> Files:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return write


def cut(file: Files, share: float) -> Files:
    def write(folder: Path) -> Path:
        path = file(folder)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        return path

    return write


def converted(folder: Path) -> Path:
    path = folder / "i3d_pretrained_400.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in weights("i3d").items()}, path)
    return path


def script(folder: Path) -> Path:
    torch.jit.script(nn.ReLU()).save(str(folder / "i3d_torchscript.pt"))
    return folder / "i3d_torchscript.pt"


def nothing(folder: Path) -> Path:
    return folder / FILE


class Evil:
    def __reduce__(self) -> tuple:
        return print, ("code runs",)


def is_i3d(net: nn.Module) -> None:
    assert type(net).__name__ == "I3D" and not net.training
    assert all(p.dtype == torch.float32 and not p.requires_grad for p in net.parameters())
    assert not any(tensor.is_meta for tensor in net.state_dict().values())


def stored(state: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    return {key: tensor.to(dtype) if tensor.is_floating_point() else tensor for key, tensor in state.items()}


EXPECTED = r"expected the I3D of FVD \(i3d_pretrained_400.pt; folder eval_fvd of .*https://"
CLASSES = {"logits__conv3d__weight": torch.ones(600, 1024, 1, 1, 1), "logits__conv3d__bias": torch.ones(600)}
NAN = torch.full((400,), torch.nan)
FILES = [
    Case("as published", i3d(), is_i3d),
    Case("under another name", i3d(name="我的 net.pth"), is_i3d),
    Case("as safetensors", converted, is_i3d),
    Case("saved from several GPUs", i3d(lambda state: {f"module.{key}": t for key, t in state.items()}), is_i3d),
    Case("in a training checkpoint", i3d(lambda state: {"epoch": 3, "state_dict": state, "optimizer": {"lr": 1}}), is_i3d),
    Case("without counters of batches, as old torch wrote",
         i3d(lambda state: {key: t for key, t in state.items() if not key.endswith("num_batches_tracked")}), is_i3d),
    Case("no file", nothing, Refused(f"{FILE} is no file; {EXPECTED}")),
    Case("the folder in place of the file", lambda folder: folder, Refused("is no file")),
    Case("an empty file", written(b""), Refused(f"{FILE} is empty; {EXPECTED}")),
    Case("a web page", written(b"<!DOCTYPE html><title>Google Drive - Virus scan"), Refused("is a web page")),
    Case("a Git LFS pointer", written(b"version https://git-lfs.github.com/spec/v1\noid sha256:1"), Refused("LFS pointer")),
    Case("cut short", cut(i3d(), 0.5), Refused(f"{FILE} cannot be opened .*{EXPECTED}")),
    Case("cut short, as safetensors", cut(converted, 0.9), Refused(f"is cut short .*{EXPECTED}")),
    Case("bytes of nothing", written(bytes(4096)), Refused(EXPECTED)),
    Case("a pickle that runs code", saved(lambda: {"a": Evil()}), Refused("asks to run `.*print`.*refused")),
    Case("a plain pickle that runs code", written(pickle.dumps({"a": Evil()})), Refused("asks to run|cannot be opened")),
    Case("a whole module", saved(lambda: nn.Linear(2, 2)), Refused("asks to run `torch.nn.modules.linear.Linear`")),
    Case("TorchScript of I3D", script, Refused(f"i3d_torchscript.pt .*{EXPECTED}")),
    Case("the 3-D ResNet", saved(lambda: {"state_dict": {f"module.{k}": t for k, t in weights("resnet3d").items()}}),
         Refused(rf"is the 3-D ResNet-50 of FID-VID \(resnet-50-kinetics.pth\); {EXPECTED}")),
    Case("FID's Inception", saved(lambda: weights("inception")), Refused("is FID's Inception")),
    Case("VGG16", saved(lambda: weights("vgg")), Refused("is torchvision's VGG16")),
    Case("a motion module", saved(lambda: {"down_blocks.0.motion_modules.0.proj_in.weight": torch.ones(2)}),
         Refused("looks like a motion module")),
    Case("I3D of 600 actions", saved(lambda: weights("i3d", **CLASSES)),
         Refused(r"2 of another shape \(`logits.conv3d.bias` is \(600,\), not \(400,\)\)")),
    Case("I3D without its head", saved(lambda: weights("i3d", logits__conv3d__weight=None, logits__conv3d__bias=None)),
         Refused(r"2 missing \(`logits.conv3d.bias`")),
    Case("in 16 bits", i3d(lambda state: stored(state, torch.float16)), Refused("is stored in torch.float16, which moves")),
    Case("in 64 bits", i3d(lambda state: stored(state, torch.float64)), Refused("is stored in torch.float64")),
    Case("with values that are none", saved(lambda: weights("i3d", logits__conv3d__bias=NAN)),
         Refused("values that are no numbers .`logits.conv3d.bias`")),
    Case("a list of tensors", saved(lambda: [torch.ones(2)]), Refused("holds no tensors")),
]  # fmt: skip
