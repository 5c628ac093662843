"""ComfyUI in this process, with the flags a user would start it with, and this pack in it. No server."""

import asyncio
import importlib.util
import sys
from pathlib import Path

from scripts.comfyui import PACK


class Host:
    """Nodes by their ids, the host's and ours."""

    def __init__(self, comfyui: Path, *flags: str):
        """Sets everything up as ComfyUI's main.py does, so flags and dynamic VRAM mean what they mean there.

        Nothing may have imported torch before where the flags concern its allocator.
        """
        sys.path.insert(0, str(comfyui))  # before the pack's root, whose nodes/ would hide ComfyUI's nodes.py
        arguments, sys.argv = sys.argv, ["main.py", "--disable-all-custom-nodes", *flags]
        import comfy.options

        comfy.options.enable_args_parsing()
        import cuda_malloc  # noqa: F401 - chooses the allocator, as main.py does when it is run
        import main  # noqa: F401

        sys.argv = arguments
        import nodes

        self.comfyui, self.nodes = comfyui, nodes.NODE_CLASS_MAPPINGS
        self.nodes |= {node.define_schema().node_id: node for node in asyncio.run(_import_pack())}

    def load(self, *names: str) -> None:
        """Adds nodes of files in comfy_extras. Raises ValueError for a file that does not load."""
        import nodes

        for name in names:
            path = str(self.comfyui / "comfy_extras" / f"{name}.py")
            if not asyncio.run(nodes.load_custom_node(path, module_parent="comfy_extras")):
                raise ValueError(f"{path} does not load: this benchmark is for ComfyUI 0.33.")

    def run(self, node_id: str, **inputs) -> tuple:
        """Executes a node; returns its outputs."""
        import torch

        kind = self.nodes[node_id]
        with torch.inference_mode():
            outputs = getattr(kind(), kind.FUNCTION)(**inputs)
        return getattr(outputs, "result", outputs)


async def _import_pack() -> list[type]:
    """Imports this pack as the package `pack`; returns its nodes."""
    spec = importlib.util.spec_from_file_location("pack", PACK / "__init__.py", submodule_search_locations=[str(PACK)])
    sys.modules["pack"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["pack"])
    return await (await sys.modules["pack"].comfy_entrypoint()).get_node_list()
