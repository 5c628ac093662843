"""Peak memory of an animation for clips of different length, side by side in one run.

    python -m benchmarks.memory [--comfyui PATH] [--frames 32 128 512]

On a GPU: the allocator's peak. On the CPU, where device and clip share one memory: the peak of all live tensors, those
that hold the whole clip (latents, pose video) counted apart, since only they may grow. Small random weights.
"""

import argparse
import asyncio
import sys
import tempfile
import weakref
from collections import Counter
from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks.flops import load_host


class LiveTensors(TorchDispatchMode):
    """Peak bytes of tensors alive at once: of clips (first axis `clip` frames long), and of everything else."""

    def __init__(self, clip: int):
        super().__init__()
        self.clip = clip
        self.owners: Counter = Counter()  # storage -> tensors that use it
        self.kind: dict[int, tuple[str, int]] = {}
        self.live, self.peak = Counter(), Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor) and tensor.device.type != "meta":
                self._track(tensor)
        return out

    def _track(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage.data_ptr()
        if not key:
            return
        if not self.owners[key]:
            whole = tensor.ndim == 4 and tensor.shape[0] == self.clip
            self.kind[key] = ("clip" if whole else "rest", storage.nbytes())
            self._add(key, 1)
        self.owners[key] += 1
        weakref.finalize(tensor, self._release, key)

    def _release(self, key: int) -> None:
        self.owners[key] -= 1
        if not self.owners[key]:
            self._add(key, -1)

    def _add(self, key: int, sign: int) -> None:
        name, size = self.kind[key]
        self.live[name] += sign * size
        self.peak[name] = max(self.peak[name], self.live[name])


def main() -> None:
    from scripts.comfyui import find_comfyui

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comfyui", type=Path, default=find_comfyui())
    parser.add_argument("--frames", type=int, nargs="+", default=[32, 128, 512])
    options = parser.parse_args()
    load_host(options.comfyui, cpu=not torch.cuda.is_available())
    for frames, peak in peaks(options.frames).items():
        print(f"{frames:5d} frames: " + ", ".join(f"{name} {size / 2**20:8.2f} MiB" for name, size in peak.items()))


def peaks(lengths: list[int]) -> dict[int, dict[str, int]]:
    """Peak bytes by clip length."""
    import pack
    from pack.tests.host.small import Small

    extension = asyncio.run(pack.comfy_entrypoint())
    nodes = {node.define_schema().node_id: node for node in asyncio.run(extension.get_node_list())}

    def run(node_id, **inputs):
        with torch.inference_mode():
            return nodes[node_id].execute(**inputs).result

    with tempfile.TemporaryDirectory() as folder:
        small = Small.write(Path(folder), run)
        small.animate(16, steps=1)  # loads the weights
        return {frames: _peak(small, frames) for frames in lengths}


def _peak(small, frames: int) -> dict[str, int]:
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        small.animate(frames, steps=1)
        return {"device": torch.cuda.max_memory_allocated()}
    with LiveTensors(frames) as tensors:
        small.animate(frames, steps=1)
    return dict(tensors.peak)


if __name__ == "__main__":
    sys.exit(main())
