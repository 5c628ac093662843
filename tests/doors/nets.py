"""Files that people take for a DensePose net, and what Load DensePose Model and `pose` say of them."""

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch
from pack.magicanimate_core.pose.exchange import DensePoseNet, ScriptedNet, TracedNet
from pack.magicanimate_core.testing import densepose_nets
from pack.tests.doors.table import Case, Refused
from safetensors.torch import save_file
from torch import Tensor, nn

Files = dict[str, Path]  # the stand-ins of both kinds
WEIGHTS = {"backbone.bottom_up.stem.conv1.weight": torch.zeros(4, 3, 2, 2)}


class Keypoints(nn.Module):
    """A net of something else: (1, 3, H, W) -> one tensor."""

    def forward(self, image: Tensor) -> Tensor:
        return image * 2


class Two(nn.Module):
    """(3, H, W) -> two tensors."""

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        return image, image * 2


class Batched(nn.Module):
    """Takes two tensors that it cannot do without."""

    def forward(self, image: Tensor, mask: Tensor) -> dict[str, Tensor]:
        return {"pred_boxes": image * mask}


class Half(nn.Module):
    """A scripted net whose weights are of 16 bits, as the _fp16.pt files' are."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2).half()

    def forward(self, image: Tensor, bgr: bool = True) -> dict[str, Tensor]:
        return {"pred_boxes": self.layer(image)}


def script(net: type[nn.Module], name: str = "net.pt") -> Callable[[Path, Files], Path]:
    def write(folder: Path, stand_ins: Files) -> Path:
        torch.jit.script(net()).save(str(folder / name))
        return folder / name

    return write


def content(name: str, write: Callable[[Path], object]) -> Callable[[Path, Files], Path]:
    """A file of this name, as `write` writes it."""

    def written(folder: Path, stand_ins: Files) -> Path:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name)
        return folder / name

    return written


def changed(kind: str, change: Callable[[bytes], bytes]) -> Callable[[Path, Files], Path]:
    """A stand-in's file, not as it was."""

    def write(folder: Path, stand_ins: Files) -> Path:
        path = folder / stand_ins[kind].name
        path.write_bytes(change(stand_ins[kind].read_bytes()))
        return path

    return write


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("densepose/readme.txt", "unpack me")


def is_a(kind: type[DensePoseNet]) -> Callable[[DensePoseNet], None]:
    def check(net: DensePoseNet) -> None:
        assert type(net) is kind
        assert not net.training and all(p.dtype == torch.float32 for p in net.parameters())

    return check


def same(data: bytes) -> bytes:
    return data


SOMETHING_ELSE = r"^\S+ is a net of something else \(.+ -> .+\); expected a DensePose net as TorchScript \(densepose_r50"
FILES = [
    Case("a traced net", changed("traced", same), is_a(TracedNet)),
    Case("a scripted net", changed("scripted", same), is_a(ScriptedNet)),
    Case("a traced net under another name", content("my net.bin", densepose_nets.write_traced), is_a(TracedNet)),
    Case("a name in other letters", content("密/姿勢.torchscript", densepose_nets.write_traced), is_a(TracedNet)),
    Case("weights of 16 bits", script(Half, "densepose_fp16.pt"), is_a(ScriptedNet)),
    Case("a traced net, cut", changed("traced", lambda data: data[: len(data) // 2]), Refused("is cut short")),
    Case("a scripted net, cut at the end", changed("scripted", lambda data: data[:-30]), Refused("is cut short")),
    Case("nothing but zeros", changed("traced", lambda data: bytes(len(data))), Refused("is no TorchScript file")),
    Case("an empty file", content("net.pt", Path.touch), Refused("is empty")),
    Case("no file", lambda folder, stand_ins: folder / "net.pt", Refused("net.pt is no file; expected a DensePose net")),
    Case("a folder", lambda folder, stand_ins: folder, Refused("is no file")),
    Case("a web page", content("net.pt", lambda path: path.write_text("<!DOCTYPE html>")), Refused("is a web page")),
    Case("a Git LFS pointer", content("net.pt", lambda path: path.write_text("version https://git-lfs.github.com/spec/v1")),
         Refused("is a Git LFS pointer")),
    Case("detectron2's checkpoint", content("model_final_162be9.pkl", lambda path: path.write_bytes(pickle.dumps({"a": 1}))),
         Refused("model_final_162be9.pkl is a pickled checkpoint")),
    Case("weights by torch.save", content("densepose.pth", lambda path: torch.save(WEIGHTS, path)),
         Refused("holds weights alone")),
    Case("weights as safetensors", content("densepose.safetensors", lambda path: save_file(WEIGHTS, path)),
         Refused(r"holds weights alone \(safetensors\)")),
    Case("weights as safetensors that are called .pt", content("densepose.pt", lambda path: save_file(WEIGHTS, path)),
         Refused(r"holds weights alone \(safetensors\)")),
    Case("an archive to be unpacked", content("densepose.zip", archive), Refused("is an archive, but no TorchScript")),
    Case("an ONNX net", content("densepose.onnx", lambda path: path.write_bytes(b"\x08\x07\x12\x07pytorch")),
         Refused("is no TorchScript file")),
    Case("a net of another pack", script(Keypoints, "dw-ll_ucoco_384.torchscript.pt"), Refused(SOMETHING_ELSE)),
    Case("a net with too few answers", script(Two), Refused(SOMETHING_ELSE)),
    Case("a net that wants more", script(Batched), Refused(SOMETHING_ELSE)),
]  # fmt: skip
