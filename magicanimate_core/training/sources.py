"""What data.clips and data.images of a config open: at the size that is trained, as latents where there is a cache."""

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch

from ..data import BadItem, FittedSource, Source, open_source
from ..data.latents import LatentCache
from ..pipeline.latents import encode_frames
from .config import Config

HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def sources(config: Config) -> list[Source | None]:
    """data.clips and data.images, the latter None where there are none."""
    return [fitted(config, name) if name else None for name in (config.data.clips, config.data.images)]


def fitted(config: Config, name: str) -> Source:
    """A source at the size that is trained."""
    data = config.data
    return FittedSource(open_source(name, height=data.height, width=data.width), data.height, data.width, data.fit)


def cached(config: Config, source: Source | None, option: str, vae) -> Source | None:
    """The source of data.clips or data.images, as latents where data.cache names a folder for them."""
    if source is None or not config.data.cache:
        return source
    name = cache_name(getattr(config.data, option), source, (config.data.height, config.data.width), vae)

    def encode(images: np.ndarray) -> torch.Tensor:
        precision = HALVES.get(config.run.mixed_precision)
        with torch.autocast(vae.device.type, precision, enabled=precision is not None):
            return encode_frames(vae, torch.from_numpy(images))

    return LatentCache(source, Path(config.data.cache) / f"{name}.safetensors", encode, config.run.loader_processes)


def cache_name(name: str, source: Source, size: tuple[int, int], vae) -> str:
    """Tells sources, sizes and VAEs apart: latents of other pictures, or of another VAE, would be silently wrong."""
    readable = "".join(c if c.isalnum() else "-" for c in name)[-60:]
    seen = hashlib.sha256("\n".join(source.name(item) for item in range(len(source))).encode())
    seen.update(first_frame(source))  # a folder prepared anew, a world drawn otherwise; not a later item that was replaced
    for tensor in vae.state_dict().values():
        seen.update(tensor.float().cpu().numpy().tobytes())
    return f"{readable}-{size[1]}x{size[0]}-{seen.hexdigest()[:8]}"


def first_frame(source: Source) -> bytes:
    """Picture and pose of the first frame of the first item that can be read."""
    for item in range(len(source)):
        with suppress(BadItem):
            return b"".join(array.tobytes() for array in source.read(item, [0]))
    return b""
