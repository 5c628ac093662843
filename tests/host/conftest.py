"""A real ComfyUI in this process, on the CPU, and small random models (small.py)."""

import asyncio
import sys

import pytest
import torch
from pack.scripts.comfyui import find_comfyui

comfyui = find_comfyui()
if comfyui is not None:
    sys.path.insert(0, str(comfyui))  # as ComfyUI's main.py has it
    import comfy.cli_args

    comfy.cli_args.args.cpu = True
    comfy.cli_args.args.use_pytorch_cross_attention = True  # as on accelerators; tests/server has the usual one


@pytest.fixture(scope="session")
def nodes():
    """The pack's nodes by id, through the host's entry point."""
    import pack

    extension = asyncio.run(pack.comfy_entrypoint())
    return {node.define_schema().node_id: node for node in asyncio.run(extension.get_node_list())}


@pytest.fixture(scope="session")
def run(nodes):
    """Execute a node by its id; its outputs as a tuple."""

    def execute(node_id: str, **inputs):
        with torch.inference_mode():
            return nodes[node_id].execute(**inputs).result

    return execute


@pytest.fixture(scope="session")
def small(tmp_path_factory, run):
    from pack.tests.host.small import Small

    return Small.write(tmp_path_factory.mktemp("magicanimate"), run)
