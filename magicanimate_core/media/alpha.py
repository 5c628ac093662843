"""Whether something shows through a picture: an alpha channel is what its pixels say, and so is a transparent colour."""

import numpy as np
from PIL import Image

DEPTH = 24  # where a PNG's header says how many bits a level has


def shows_through(image: Image.Image, data: bytes) -> bool:
    """Whether some pixel of a decoded picture is not opaque. data: the file's bytes."""
    clear = image.info.get("transparency")  # a level, a colour, an entry of the palette, or an alpha for each entry
    if clear is not None and not image.mode.startswith("P") and "A" not in image.getbands():
        pixels = np.asarray(image)  # (H, W) or (H, W, 3)
        return bool((pixels == _as_read(clear, image.mode, data)).reshape(image.width * image.height, -1).all(1).any())
    if clear is None and "A" not in image.getbands() and "a" not in image.getbands():
        return False
    return image.convert("RGBA").getchannel("A").getextrema()[0] < 255


def _as_read(clear: int | tuple[int, ...], mode: str, data: bytes) -> np.ndarray:
    """A transparent level or colour as Pillow reads its pixels: in 8 bits, but for grey of 16 and for black and white."""
    depth = data[DEPTH] if data.startswith(b"\x89PNG") else 8
    levels = np.atleast_1d(clear)
    if mode == "1":
        return levels > 0
    if mode.startswith("I") or depth == 8:
        return levels
    return levels >> 8 if depth == 16 else levels * 255 // (2**depth - 1)
