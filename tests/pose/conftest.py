import pytest
from pack.magicanimate_core.testing import densepose_nets


@pytest.fixture(scope="session")
def net_files(tmp_path_factory):
    """A stand-in of either kind, by kind."""
    folder = tmp_path_factory.mktemp("nets")
    return {
        "traced": densepose_nets.write_traced(folder / "densepose_r50_fpn_dl.torchscript"),
        "scripted": densepose_nets.write_scripted(folder / "densepose_rcnn_R_50_FPN_s1x_fp32.pt"),
    }
