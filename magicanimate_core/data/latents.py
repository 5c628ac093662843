"""A source whose pictures are encoded once: for small sets that are seen often."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from ..disk import whole, writing
from ..media.densepose import PART_COLOURS, nearest_parts
from . import BadItem, Sample, Source

Encode = Callable[[np.ndarray], Tensor]  # frames (F, H, W, 3) uint8 -> latents (F, 4, h, w)


class Encoded(NamedTuple):
    """Frames of one item as a VAE's latents, and their DensePose."""

    latents: np.ndarray  # (F, 4, h, w) fp32
    poses: np.ndarray  # (F, H, W, 3) uint8 RGB, DensePose in MagicAnimate's colours


class LatentCache:
    """`source`, read as `Encoded` in place of `Sample`: latents for pictures, and poses in the exact colours of their parts.

    Everything lies in memory; `path` keeps it for the next run. Bad items are left out and listed in `dropped`, in each run.
    """

    def __init__(self, source: Source, path: Path, encode: Encode, processes: int = 0) -> None:
        """Raises ValueError where all items are bad, OSError where `path` cannot be written."""
        self._fps = source.fps
        if not _is_sound(path):
            _write(source, path, encode, processes)
        with safe_open(path, "pt") as file:
            self.dropped: list[str] = json.loads((file.metadata() or {}).get("dropped", "[]"))
            self._items = [(key[8:], file.get_tensor(key), file.get_tensor("parts/" + key[8:])) for key in _latents(file)]

    def __len__(self) -> int:
        return len(self._items)

    def name(self, item: int) -> str:
        """Returns its number in the source and its name there."""
        return self._items[item][0]

    def length(self, item: int) -> int:
        """Returns the frames of an item."""
        return self._items[item][1].shape[0]

    def fps(self, item: int) -> float:
        """Returns frames per second as in the source."""
        return self._fps(int(self.name(item).split()[0]))

    def read(self, item: int, frames: Sequence[int]) -> Encoded:
        """Returns the frames' latents in the order asked for."""
        _, latents, parts = self._items[item]
        chosen = np.asarray(frames)
        return Encoded(latents[chosen].float().numpy(), PART_COLOURS[parts[chosen].numpy()])


def _is_sound(path: Path) -> bool:
    """Whether there is a file that can be read; a damaged one is written again."""
    try:
        with safe_open(path, "pt") as file:
            return bool(_latents(file))
    except (OSError, SafetensorError):
        return False


def _write(source: Source, path: Path, encode: Encode, processes: int) -> None:
    """Encodes all items into a file. Raises ValueError where all are bad, OSError where it cannot be written."""
    loader = torch.utils.data.DataLoader(Items(source), batch_size=None, num_workers=processes, collate_fn=_as_it_is)
    tensors, dropped = {}, []
    for item, sample in enumerate(tqdm(loader, desc=f"encoding {path.stem}", unit="item")):
        if isinstance(sample, str):
            dropped.append(sample)
            continue
        latents, name = encode(sample.images).half().contiguous(), f"{item:07d} {source.name(item)}"
        if not torch.isfinite(latents).all():
            dropped.append(f"{source.name(item)} has latents that are no numbers: encode it in 32 bits.")
            continue
        tensors[f"latents/{name}"] = latents
        tensors[f"parts/{name}"] = torch.from_numpy(nearest_parts(sample.poses)[0])
    if not tensors:
        raise ValueError(
            f"None of {len(source)} items can be used; the last: {dropped[-1] if dropped else 'there is none.'}"
        )
    with writing(path), whole(path) as part:
        save_file(tensors, part, {"dropped": json.dumps(dropped)})


class Items(torch.utils.data.Dataset):
    """Whole items of a source by number, so that other processes can read ahead; of a bad one, what is wrong with it."""

    def __init__(self, source: Source):
        self.source = source

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, item: int) -> Sample | str:
        try:
            return self.source.read(item, range(self.source.length(item)))
        except BadItem as error:
            return str(error)


def _as_it_is(sample):
    return sample


def _latents(file) -> list[str]:
    return sorted(key for key in file.keys() if key.startswith("latents/"))  # noqa: SIM118 - no mapping
