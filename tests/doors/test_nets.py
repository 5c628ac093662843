"""A DensePose net is one of the two known, or is refused with what the file is."""

import subprocess
import sys

import pytest
from pack.magicanimate_core.pose.exchange import EXPECTED_NET, densepose_net
from pack.magicanimate_core.testing import densepose_nets
from pack.magicanimate_core.weights.files import WrongFile, file_name
from pack.magicanimate_core.weights.script import open_script
from pack.scripts.comfyui import PACK
from pack.tests.doors import nets as rows
from pack.tests.doors.table import cases, passes


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets")
    return {
        "traced": densepose_nets.write_traced(folder / "densepose_r50_fpn_dl.torchscript"),
        "scripted": densepose_nets.write_scripted(folder / "densepose_rcnn_R_50_FPN_s1x_fp32.pt"),
    }


@cases(*rows.FILES)
def test_files(case, stand_ins, tmp_path):
    path = case.brings(tmp_path, stand_ins)
    passes(case, lambda: densepose_net(open_script(path, EXPECTED_NET), file_name(path)))


WITHOUT = """
import sys, torch
sys.modules["torchvision"] = None
from magicanimate_core.weights.script import open_script
try:
    open_script(sys.argv[1], "a net")
except ValueError as error:
    print(error)
"""


def test_torchvision_that_is_missing(tmp_path):
    """A net that needs its operators says so; others do without it."""
    torch, vision = pytest.importorskip("torch"), pytest.importorskip("torchvision")

    class Suppressed(torch.nn.Module):
        def forward(self, boxes: torch.Tensor, scores: torch.Tensor):
            return vision.ops.nms(boxes, scores, 0.5)

    torch.jit.script(Suppressed()).save(str(tmp_path / "nms.pt"))
    open_script(tmp_path / "nms.pt", "a net")
    told = {}
    for path in (tmp_path / "nms.pt", densepose_nets.write_traced(tmp_path / "plain.pt")):
        done = subprocess.run([sys.executable, "-c", WITHOUT, str(path)], cwd=PACK, capture_output=True, text=True)
        told[path.name] = done.stdout.strip()
        assert done.returncode == 0, done.stderr
    assert told["nms.pt"].endswith(f"install the torchvision that belongs to torch {torch.__version__}.")
    assert "nms.pt needs torchvision, which is not installed" in told["nms.pt"] and "\n" not in told["nms.pt"]
    assert told["plain.pt"] == ""


def test_a_torchvision_of_another_torch(tmp_path, monkeypatch):
    def load(*_, **__):
        raise RuntimeError("\nUnknown builtin op: torchvision::nms.\nCould not find any similar ops")

    path = densepose_nets.write_traced(tmp_path / "net.pt")
    monkeypatch.setattr("torch.jit.load", load)
    with pytest.raises(WrongFile, match="net.pt needs torchvision, which lacks its operators: install"):
        open_script(path, "a net")
