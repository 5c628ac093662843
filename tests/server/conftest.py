"""A real ComfyUI server on the CPU with this pack in custom_nodes, a small UNet and VAE and a text encoder of real size."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
from pack.scripts.comfyui import PACK, Server, find_comfyui
from pack.tests.doors.videos import write
from pack.tests.server.browsing import open_page

NAMES = {
    "checkpoints/random_sd15.safetensors": "v1-5-pruned-emaonly-fp16.safetensors",
    "vae/random_vae.safetensors": "vae-ft-mse-840000-ema-pruned.safetensors",
}


FILM_FRAMES = 16  # at 25 a second


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    from pack.magicanimate_core.testing import densepose_nets, inputs, random_weights

    base = tmp_path_factory.mktemp("comfyui")
    random_weights.write_models(base / "models", random_weights.TINY_SHAPE, vae=random_weights.tiny_vae_shapes())
    for ours, name in NAMES.items():  # as the workflows call them
        (base / "models" / ours).rename((base / "models" / ours).with_name(name))
    densepose_nets.write_traced(base / "models" / "densepose" / "densepose_r50_fpn_dl.torchscript")
    inputs.write_inputs(base / "input", size=128, frames=12)
    inputs.write_inputs(base / "input", size=128, frames=10, people=2, name="two_people")
    # the stand-in net reads parts out of their colours: to it this is a film, to hear as well
    write(base / "input" / "film.mp4", inputs.draw_poses(128, FILM_FRAMES), "libx264rgb", "rgb24", sound="aac", qp="0")
    packs = (PACK, Path(__file__).resolve().parents[2] / "magicanimate_core" / "testing" / "tiny_sd15")
    with Server(find_comfyui(), base, packs=packs) as running:
        yield running


@pytest.fixture(scope="package")
def tab(server):
    """The host's page, opened once: that takes longer than most that is done in it. It ends with this room."""
    with open_page(server) as page:
        yield page


@pytest.fixture(scope="module")
def page(tab):
    """The host's page; nothing is open in it afterwards, since films that play take time from others."""
    yield tab
    tab.evaluate("() => app.graph.clear()")


def read_frames(path: Path) -> np.ndarray:
    """A video's frames, (F, H, W, 3) uint8."""
    with av.open(str(path)) as video:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])


def small_workflow(name: str, size: int = 64, steps: int = 2) -> dict:
    """A workflow of the pack in API form, at a small size and in short windows, more than one.

    The DensePose net sees frames at the size of the inputs above: nothing is blurred on its way to the stand-in.
    """
    workflow = json.loads((PACK / "workflows" / "api" / f"{name}.json").read_text())
    for node in workflow.values():
        inputs = node["inputs"]
        inputs |= {key: size for key in ("width", "height") if key in inputs}
        small = {"steps": steps, "context_length": 8, "context_overlap": 2, "detect_size": 128}
        inputs |= {key: value for key, value in small.items() if key in inputs}
    return workflow
