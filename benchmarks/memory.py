"""Peak memory of an animation in ComfyUI for clips of different length.

    python -m benchmarks.memory [--comfyui PATH] [--frames 32 128 512]

A model of what lies on the device: the Animate node runs on the CPU with random weights of a hundredth of SD 1.5's size,
64 x 64, one step, and every tensor is counted as long as it lives, by its storage. Tensors whose first axis is as long as
the clip (latents, pose video) are counted apart, since only they may grow with it. Not counted are weights, what an
operation needs inside, and fragmentation: `benchmarks.gpu` measures those.
"""

import argparse
import tempfile
import weakref
from collections import Counter
from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from scripts.comfyui import find_comfyui

from .host import Host
from .report import table


class LiveTensors(TorchDispatchMode):
    """Peak bytes of tensors alive at once: of clips (first axis `clip` frames long), and of everything else."""

    def __init__(self, clip: int):
        super().__init__()
        self.clip = clip
        self.users: Counter = Counter()  # storage -> tensors that use it
        self.kind: dict[int, tuple[str, int]] = {}  # storage -> (clip or rest, bytes)
        self.live, self.peak = Counter(), Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor) and tensor.device.type != "meta":
                self._track(tensor)
        return out

    def _track(self, tensor: torch.Tensor) -> None:  # of any shape
        storage = tensor.untyped_storage()
        key = storage.data_ptr()
        if not key:
            return
        if not self.users[key]:
            whole = self._is_of_clip(tensor)
            self.kind[key] = ("clip" if whole else "rest", storage.nbytes())
            self._add(key, 1)
        self.users[key] += 1
        weakref.finalize(tensor, self._release, key)

    def _is_of_clip(self, tensor: torch.Tensor) -> bool:
        """Latents and poses (F, C, h, w), and the windows' sums (F, 4 h w + 1); no weight has such a width."""
        return tensor.shape[:1] == (self.clip,) and (tensor.ndim == 4 or (tensor.ndim == 2 and tensor.shape[1] % 4 == 1))

    def _release(self, key: int) -> None:
        self.users[key] -= 1
        if not self.users[key]:
            self._add(key, -1)

    def _add(self, key: int, sign: int) -> None:
        name, size = self.kind[key]
        self.live[name] += sign * size
        self.peak[name] = max(self.peak[name], self.live[name])


def peaks(host: Host, lengths: list[int]) -> list[tuple[int, Counter]]:
    """Returns (frames, peak bytes of clips and of the rest) for every length."""
    from pack.tests.host.small import Small  # `pack` is there since the host is

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        small = Small.write(Path(folder), host.run)
        small.animate(16, steps=1)  # loads the weights
        for frames in lengths:
            with LiveTensors(frames) as tensors:
                small.animate(frames, steps=1)
            rows.append((frames, tensors.peak))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comfyui", type=Path, default=find_comfyui())
    parser.add_argument("--frames", type=int, nargs="+", default=[32, 128, 512])
    options = parser.parse_args()
    rows = peaks(Host(options.comfyui, "--cpu"), options.frames)
    columns = ["frames", "tensors of the whole clip, MiB", "all others, MiB"]
    print(table(columns, [(n, f"{peak['clip'] / 2**20:.2f}", f"{peak['rest'] / 2**20:.2f}") for n, peak in rows]))


if __name__ == "__main__":
    main()
