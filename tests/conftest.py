"""The pack is imported as ComfyUI imports it, as one package by its folder, under the name `pack`."""

import importlib.util
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test downloads anything
# one of two workers (-n 2) has one core, and so has all that it starts
os.environ["OMP_NUM_THREADS"] = "1" if "PYTEST_XDIST_WORKER" in os.environ else "2"

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent


def _import_pack() -> None:
    spec = importlib.util.spec_from_file_location("pack", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    module = importlib.util.module_from_spec(spec)
    sys.modules["pack"] = module
    spec.loader.exec_module(module)


_import_pack()
THREADS = int(os.environ["OMP_NUM_THREADS"])
torch.set_num_threads(THREADS)
os.cpu_count = lambda: THREADS  # the command line uses all there are


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """What one of several workers (-n 2) is given at once."""
    from pack.tests.sharing import piece
    from xdist.scheduler import LoadFileScheduling

    class Pieces(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return piece(nodeid)

    config.option.loadscopereorder = False  # it would begin with the files of many tests, whatever these take
    return Pieces(config, log)


def pytest_collection_modifyitems(items):
    """Tests in tests/host and tests/server need a real ComfyUI."""
    from pack.scripts.comfyui import find_comfyui
    from pack.tests.sharing import longest_first

    items[:] = longest_first(items)

    if find_comfyui() is None:
        reason = "no ComfyUI found (COMFYUI_PATH, an enclosing custom_nodes, ~/comfy/ComfyUI)"
        for item in items:
            if {"host", "server"} & set(item.path.parts):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def threads():
    """Their number shows in the last bits: every test begins with as many."""
    torch.set_num_threads(THREADS)


@pytest.fixture
def golden():
    """Tensors computed by the official implementation, by file name."""
    from pack.tests.shared import GOLDEN

    folder = GOLDEN / "public"
    if not folder.is_dir():
        pytest.skip("no reference numbers beside this checkout (../shared/golden)")
    from safetensors.torch import load_file

    return lambda name: load_file(folder / f"{name}.safetensors")


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    """Relative L2 distance."""
    return ((a - b).norm() / b.norm()).item()


@pytest.fixture(name="relative")
def _relative():
    return relative


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Small random models in a diffusers folder and in the published layout, a photo and a clip."""
    from pack.magicanimate_core.testing import tiny

    return tiny.write_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def models(files):
    from pack.magicanimate_core.pipeline.models import load_models

    return load_models(files.base, files.magicanimate).to("cpu", torch.float32)
