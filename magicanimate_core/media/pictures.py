"""Picture files as pixels, with Pillow, which every ComfyUI has and reads pictures with."""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from .alpha import shows_through
from .blobs import Blob, Unreadable, unreadable
from .images import TRANSPARENT

HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")  # brands of the pictures of phones
AVIF = (b"avif", b"avis")
DISGUISES = {  # what begins so is no picture, or none that Pillow knows
    b"\x1aE\xdf\xa3": "a video",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "an archive (ZIP)",
    b"\xff\x0a": "JPEG XL; save it as JPEG or PNG",
    b"\0\0\0\x0cJXL": "JPEG XL; save it as JPEG or PNG",
}
REDUCED, DNG = 254, 50706  # tags of TIFF: bit 0 of the first says "a preview"; the second stands in cameras' raw files


def read_picture(blob: Blob) -> np.ndarray:
    """Returns a picture file as (H, W, 3) uint8 RGB, upright; of several pictures in one file, the first.

    Levels are as they are stored: colour profiles are not applied, as in ComfyUI's Load Image.
    Raises Unreadable, also when something shows through the picture.
    """
    with unreadable(blob, "an image", Exception):  # on damaged files Pillow raises a dozen kinds
        data = blob.read()
        image = _upright(_opened(data))
        if shows_through(image, data):
            raise Unreadable(f"{blob.name} {TRANSPARENT}")
        image.info.pop("transparency", None)  # of nothing that is there
        if image.mode.startswith("I"):  # grey of 16 bits, which convert() would cut at 255
            image = _high_bytes(image)
        if image.mode == "F":
            raise ValueError("its pixels are floating-point numbers")
        return np.array(image.convert("RGB"))


def _opened(data: bytes) -> Image.Image:
    """Returns a picture, decoded. Raises ValueError for what is none, OSError and others for what is damaged."""
    try:
        image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:  # names the buffer, not the file
        image = _other(data)
    except Image.DecompressionBombError:
        raise ValueError("it is far too large; scale it down first") from None
    if image.format == "TIFF" and (image.tag_v2.get(REDUCED, 0) & 1 or DNG in image.tag_v2):
        raise ValueError("it is a camera's raw file, of which only the preview would be read; save it as JPEG or PNG")
    if image.format in ("JPEG", "MPO"):
        _check_end(data, image.fp.tell())
    image.load()
    return image


def _other(data: bytes) -> Image.Image:
    """Opens what Pillow alone does not know. Raises ValueError for all but HEIC, and for that without its library."""
    kind, brand = data[4:8], data[8:12]
    if kind == b"ftyp" and brand in HEIC:
        try:
            from pillow_heif import open_heif
        except ImportError:
            raise ValueError("it is HEIC; save it as JPEG or PNG, or `pip install pillow-heif`") from None
        return open_heif(data).to_pillow()  # upright
    if kind == b"ftyp":
        raise ValueError("it is AVIF, damaged or newer than this Pillow" if brand in AVIF else "it is a video")
    known = "a video" if brand == b"AVI " else next((d for start, d in DISGUISES.items() if data.startswith(start)), None)
    raise ValueError(f"it is {known}" if known else "expected PNG, JPEG or WebP")


def _check_end(data: bytes, begin: int) -> None:
    """Raises ValueError for a JPEG that goes over into zeros: a download or copy that broke off. `begin`: of its pixels."""
    if data.endswith(b"\0") and b"\xff\xd9" not in data[begin:]:
        raise ValueError("it is cut off: nothing but zeros follows, and not its end")


def _upright(image: Image.Image) -> Image.Image:
    """Returns the picture as its EXIF or XMP notes say that it is held; as it is stored, where these cannot be read."""
    with contextlib.suppress(Exception):
        return ImageOps.exif_transpose(image)
    return image


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
