"""Picture files as pixels, with Pillow, which every ComfyUI has and reads pictures with."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from .blobs import Blob, Unreadable, unreadable
from .images import TRANSPARENT


def read_picture(blob: Blob) -> np.ndarray:
    """Returns a picture file as (H, W, 3) uint8 RGB, upright; of an animated one, the first frame.

    Raises Unreadable, also when something shows through the picture.
    """
    broken = (SyntaxError, EOFError, Image.DecompressionBombError)  # Pillow's words for damaged and for enormous files
    with unreadable(blob, "an image", *broken):
        image = ImageOps.exif_transpose(_opened(blob.read()))
        if _is_transparent(image):
            raise Unreadable(f"{blob.name} {TRANSPARENT}")
        if image.mode.startswith("I"):  # grey of 16 bits, which convert() would cut at 255
            image = _high_bytes(image)
        if image.mode == "F":
            raise ValueError("its pixels are floating-point numbers")
        return np.array(image.convert("RGB"))


def _opened(data: bytes) -> Image.Image:
    """Returns a picture that is not decoded yet. Raises ValueError for what is none, OSError for what is damaged."""
    try:
        return Image.open(io.BytesIO(data))
    except UnidentifiedImageError:  # names the buffer, not the file
        raise ValueError("expected PNG, JPEG or WebP") from None


def _is_transparent(image: Image.Image) -> bool:
    """Whether a picture has an alpha channel, or a colour that stands for it, and some pixel is not opaque."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return False
    return image.convert("RGBA").getchannel("A").getextrema()[0] < 255


def _high_bytes(image: Image.Image) -> Image.Image:
    """Returns a grey picture of 16 bits with the upper 8, as Pillow reads colours of 16 bits. Raises ValueError."""
    grey = np.asarray(image)  # (H, W)
    if grey.min() < 0 or grey.max() > 0xFFFF:
        raise ValueError("its pixels have more than 16 bits")
    return Image.fromarray((grey >> 8).astype(np.uint8))


def read_photo(path: Path) -> Tensor:
    """Returns a picture file as an image (1, H, W, 3) in [0, 1]. Raises Unreadable."""
    return torch.from_numpy(read_picture(Blob(path.name, path)))[None].float() / 255


class Pictures:
    """A video that is one picture file a frame, at `fps` frames a second."""

    def __init__(self, blobs: Sequence[Blob], fps: float) -> None:
        self.blobs, self.fps = tuple(blobs), fps

    def __len__(self) -> int:
        return len(self.blobs)

    def read(self, frames: Sequence[int]) -> list[np.ndarray]:
        """Returns frames (H, W, 3) uint8 RGB in the order asked for. Raises Unreadable."""
        read = {i: read_picture(self.blobs[i]) for i in set(frames)}
        return [read[i] for i in frames]
