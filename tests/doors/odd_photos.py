"""Photos as cameras, editors and the net give them, made byte by byte where no library writes them any more."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

# two by three fields of one colour, each 16 x 16: no turn or flip of it is another, and JPEG keeps it
FIELDS = np.array([[[220, 40, 40], [40, 200, 60], [40, 60, 210]], [[230, 220, 50], [30, 30, 30], [210, 210, 210]]], np.uint8)
RGB = FIELDS.repeat(16, 0).repeat(16, 1)  # (32, 48, 3)
GREY = RGB[..., 1]
PICTURE, LEVELS = Image.fromarray(RGB), Image.fromarray(GREY)
STORED = {  # how a camera stores the upright picture, by the number that says so
    2: RGB[:, ::-1], 3: RGB[::-1, ::-1], 4: RGB[::-1], 5: RGB.transpose(1, 0, 2), 6: np.rot90(RGB),
    7: np.rot90(RGB.transpose(1, 0, 2), 2), 8: np.rot90(RGB, -1),
}  # fmt: skip


def encoded(picture: Image.Image | np.ndarray, kind: str = "PNG", **options) -> bytes:
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(np.ascontiguousarray(picture))
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def turned(kind: str, number: int, **options) -> bytes:
    """The picture as a camera held otherwise stores it, with EXIF."""
    exif = Image.Exif()
    exif[0x0112] = number
    return encoded(STORED[number], kind, exif=exif.tobytes(), **options)


def exif_of(number: int, order: str) -> bytes:
    """EXIF with nothing but an orientation. order: of bytes, "<" or ">"."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return b"Exif\0\0" + head + struct.pack(order + "HHHIHHI", 1, 0x0112, 3, 1, number, 0, 0)


def xmp(number: int, element: bool = False) -> bytes:
    """XMP that says how the picture is held, as an attribute or as an element."""
    inside = f"><tiff:Orientation>{number}</tiff:Orientation></rdf:Description>"
    about = inside if element else f' tiff:Orientation="{number}"/>'
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"{about}</rdf:RDF></x:xmpmeta>'
    ).encode()


def with_alpha(levels: np.ndarray | int) -> Image.Image:
    return Image.fromarray(np.dstack([RGB, np.broadcast_to(np.uint8(levels), RGB.shape[:2])]))


def corner(level: int) -> np.ndarray:
    """Opaque but for one pixel."""
    alpha = np.full(RGB.shape[:2], 255, np.uint8)
    alpha[3, 4] = level
    return alpha


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth: int, colour: int, rows: list[bytes], width: int, *chunks: bytes) -> bytes:
    """A PNG of any depth. colour: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha."""
    head = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = (chunk(b"IHDR", head), *chunks, chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def clear(*levels: int) -> bytes:
    """The chunk that names a transparent grey or colour."""
    return chunk(b"tRNS", struct.pack(f">{len(levels)}H", *levels))


def grey_png(depth: int, transparent: int | None = None) -> bytes:
    """The levels 1 and 2, in so many bits, left and right, one of them perhaps transparent."""
    pixels = {16: struct.pack(">2H", 1, 2), 8: b"\1\2", 4: b"\x12", 2: b"\x60", 1: b"\x40"}[depth]
    return png(depth, 0, [pixels], 2, *([] if transparent is None else [clear(transparent)]))


def colour_png(depth: int, transparent: tuple[int, int, int]) -> bytes:
    """RGB, of which a colour is transparent; the first pixel is (256, 512, 768) of 16 bits or (1, 2, 3) of 8."""
    row = struct.pack(">6H", 256, 512, 768, 40000, 41000, 42000) if depth == 16 else bytes([1, 2, 3, 4, 5, 6])
    return png(depth, 2, [row], 2, clear(*transparent))


def palette_png(alphas: bytes, entries: bytes = b"\0\1") -> bytes:
    colours = bytes([10, 20, 30, 40, 50, 60, 70, 80, 90])
    return png(8, 3, [entries], len(entries), chunk(b"PLTE", colours), chunk(b"tRNS", alphas))


def inks() -> Image.Image:
    """The picture in CMYK, with black taken out of the colours."""
    light = RGB.max(-1, keepdims=True)
    colours = (255.0 * (light - RGB) / light).round().astype(np.uint8)
    return Image.frombytes("CMYK", PICTURE.size, np.dstack([colours, 255 - light]).tobytes())


def ycck() -> bytes:
    """A JPEG of the kind that Photoshop saves for print: inks as luma and chroma, inverted, which its Adobe marker says."""
    cmy = np.asarray(inks())[..., :3]
    luma = Image.fromarray(np.ascontiguousarray(cmy)).convert("YCbCr")
    swapped = np.dstack([np.asarray(luma), np.asarray(inks())[..., 3]])
    swapped[..., :3] = 255 - swapped[..., :3]  # Pillow inverts what it writes as CMYK
    data = encoded(Image.frombytes("CMYK", PICTURE.size, swapped.tobytes()), "JPEG", quality=100, subsampling=0)
    place = data.index(b"Adobe") + 11
    assert data[place] == 0
    return data[:place] + b"\2" + data[place + 1 :]


def raw_file() -> bytes:
    """A camera's raw file, as it looks to those who do not know it: a small preview in TIFF."""
    return encoded(PICTURE, "TIFF", tiffinfo={254: 1})


def bomb() -> bytes:
    """A small file of 40000 x 40000 pixels."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40000, 40000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"")


def box(brand: bytes) -> bytes:
    """The beginning of a HEIC, an AVIF or a video."""
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0mif1" + brand + bytes(400)
