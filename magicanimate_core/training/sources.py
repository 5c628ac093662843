"""What data.clips and data.images of a config open: at the size that is trained, as latents where there is a cache."""

import hashlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..data import BadItem, FittedSource, Source, open_source
from ..data.latents import LatentCache
from ..pipeline.latents import encode_frames
from ..weights.made_for import MadeFor
from .animation import Animation
from .config import Config
from .run.processes import processes
from .validation import Samples


def open_sources(config: Config) -> list[Source | None]:
    """Opens data.clips and data.images, the latter None where there are none. Raises ValueError for what is no source."""
    return [open_fitted(config, name) if name else None for name in (config.data.clips, config.data.images)]


def open_fitted(config: Config, name: str) -> Source:
    """Opens a source at the size that is trained. Raises ValueError for what is no source."""
    data = config.data
    return FittedSource(open_source(name, height=data.height, width=data.width), data.height, data.width, data.fit)


def build_validation(config: Config, nets: Animation, vae: nn.Module, made_for: MadeFor | None = None) -> Samples | None:
    """Returns what animates validation clips, None where the config names none. made_for: goes before the config's steps.

    Raises ValueError for what is no source.
    """
    if not config.validation.clips:
        return None
    clips = open_fitted(config, config.validation.clips)
    return Samples(nets, vae, clips, replace(config.validation, **made_for._asdict() if made_for else {}), config.seed)


def encode_source(config: Config, source: Source | None, name: str, vae: nn.Module) -> Source | None:
    """Returns the source that the config calls `name`, as latents where data.cache has a folder for them.

    Says what is left out. Raises ValueError where nothing can be used, OSError where the cache cannot be written.
    """
    if source is None or not config.data.cache:
        return source
    file = cache_name(name, source, (config.data.height, config.data.width), vae) + ".safetensors"
    half = config.run.half

    def encode(images: np.ndarray) -> Tensor:
        with torch.autocast(vae.device.type, half, enabled=half is not None):
            return encode_frames(vae, torch.from_numpy(images))  # (F, H, W, 3) uint8 -> (F, 4, h, w)

    cache = LatentCache(source, Path(config.data.cache) / file, encode, config.run.loader_processes)
    if processes().is_main_process:
        for reason in cache.dropped:
            print(f"left out of {file}: {reason}")
    return cache


def cache_name(name: str, source: Source, size: tuple[int, int], vae: nn.Module) -> str:
    """Tells sources, sizes and VAEs apart: latents of other pictures, or of another VAE, would be silently wrong."""
    readable = "".join(c if c.isalnum() else "-" for c in name)[-60:]
    seen = hashlib.sha256("\n".join(source.name(item) for item in range(len(source))).encode())
    seen.update(first_frame(source))  # a folder prepared anew, a world drawn otherwise; not a later item that was replaced
    for tensor in vae.state_dict().values():
        seen.update(tensor.float().cpu().numpy().tobytes())
    return f"{readable}-{size[1]}x{size[0]}-{seen.hexdigest()[:8]}"


def first_frame(source: Source) -> bytes:
    """Returns picture and pose of the first frame of the first item that can be read."""
    for item in range(len(source)):
        with suppress(BadItem):
            return b"".join(array.tobytes() for array in source.read(item, [0]))
    return b""
