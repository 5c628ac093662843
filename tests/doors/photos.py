"""What people bring as a photo, and what must come out: its pixels, upright, or a sentence with the file's name."""

from functools import partial

import numpy as np
from PIL import Image

from . import odd_photos as odd
from .odd_photos import GREY, LEVELS, PICTURE, RGB, encoded
from .table import Case, Refused

SHOWS = Refused("has an alpha channel.*put it on a background first")


def is_(pixels: np.ndarray, within: int = 0):
    def check(out: np.ndarray) -> None:
        assert out.shape == pixels.shape and np.abs(out.astype(int) - pixels).max() <= within

    return check


PHOTO, JPEG, GREYS = is_(RGB), is_(RGB, 6), is_(GREY[..., None].repeat(3, -1))
HELD = [
    *(Case(f"EXIF {n} in JPEG", partial(odd.turned, "JPEG", n, quality=98, subsampling=0), JPEG) for n in odd.STORED),
    *(Case(f"EXIF {n} in PNG", partial(odd.turned, "PNG", n), PHOTO) for n in odd.STORED),
    *(Case(f"EXIF {n} in WebP", partial(odd.turned, "WEBP", n, lossless=True), PHOTO) for n in odd.STORED),
    *(Case(f"EXIF {n}, Intel's order of bytes", lambda n=n: encoded(odd.STORED[n], exif=odd.exif_of(n, "<")), PHOTO)
      for n in (6, 8)),
    Case("EXIF 1", lambda: encoded(PICTURE, exif=odd.exif_of(1, ">")), PHOTO),
    Case("EXIF of a number that says nothing", lambda: encoded(PICTURE, exif=odd.exif_of(9, ">")), PHOTO),
    Case("EXIF that cannot be read", lambda: encoded(PICTURE, exif=b"Exif\0\0nonsense"), PHOTO),
    Case("EXIF that is cut off", lambda: encoded(PICTURE, exif=odd.exif_of(6, ">")[:14]), PHOTO),
    Case("XMP alone in JPEG", lambda: encoded(odd.STORED[6], "JPEG", quality=98, subsampling=0, xmp=odd.xmp(6)), JPEG),
    Case("XMP alone in WebP", lambda: encoded(odd.STORED[8], "WEBP", lossless=True, xmp=odd.xmp(8)), PHOTO),
    Case("XMP, as an element", lambda: encoded(odd.STORED[3], "WEBP", lossless=True, xmp=odd.xmp(3, True)), PHOTO),
    Case("EXIF counts where XMP says otherwise",
         lambda: encoded(odd.STORED[6], "WEBP", lossless=True, exif=odd.exif_of(6, ">"), xmp=odd.xmp(3)), PHOTO),
    Case("two pictures of one shot (MPO), held upright",
         lambda: encoded(odd.STORED[6], "MPO", save_all=True, quality=98, subsampling=0, exif=odd.exif_of(6, ">"),
                         append_images=[LEVELS.convert("RGB")]), JPEG),
]  # fmt: skip

ALPHA = [
    Case("opaque RGBA", lambda: encoded(odd.with_alpha(255)), PHOTO),
    Case("one pixel of RGBA that is nearly opaque", lambda: encoded(odd.with_alpha(odd.corner(254))), SHOWS),
    Case("RGBA with nothing in it", lambda: encoded(odd.with_alpha(0)), SHOWS),
    Case("opaque WebP without loss", lambda: encoded(odd.with_alpha(255), "WEBP", lossless=True), PHOTO),
    Case("WebP with a hole", lambda: encoded(odd.with_alpha(odd.corner(0)), "WEBP", lossless=True, exact=True), SHOWS),
    Case("opaque grey and alpha", lambda: encoded(LEVELS.convert("LA")), GREYS),
    Case("grey and alpha with a hole", lambda: encoded(odd.with_alpha(odd.corner(0)).convert("LA")), SHOWS),
    Case("opaque RGBA in TIFF", lambda: encoded(odd.with_alpha(255), "TIFF"), PHOTO),
    Case("RGBA in TIFF with a hole", lambda: encoded(odd.with_alpha(odd.corner(9)), "TIFF"), SHOWS),
    Case("a palette's transparent entry, unused", lambda: odd.palette_png(b"\xff\xff\0"), is_(
        np.uint8([[[10, 20, 30], [40, 50, 60]]]))),
    Case("a palette's transparent entry, used", lambda: odd.palette_png(b"\xff\0"), SHOWS),
    Case("a palette's entry that is half transparent", lambda: odd.palette_png(b"\x80\x80"), SHOWS),
    Case("a palette with alphas, all opaque", lambda: odd.palette_png(b"\xff\xff\xfe"), is_(
        np.uint8([[[10, 20, 30], [40, 50, 60]]]))),
    Case("GIF with a transparent colour", lambda: encoded(PICTURE.quantize(8), "GIF", transparency=0), SHOWS),
    Case("GIF with a transparent colour, unused",
         lambda: encoded(PICTURE.quantize(6), "GIF", transparency=200, optimize=False), PHOTO),
    *(Case(f"grey of {bits} bits, of which one is transparent", partial(odd.grey_png, bits, 1), SHOWS)
      for bits in (1, 2, 4, 8, 16)),
    *(Case(f"grey of {bits} bits, its transparent level unused", partial(odd.grey_png, bits, 3), is_(
        np.full((1, 2, 3), (255 // (2 ** min(bits, 8) - 1)) * (bits < 16), np.uint8) * np.uint8([[[1], [2]]])))
      for bits in (2, 4, 8, 16)),
    Case("a colour of 8 bits that is transparent", lambda: odd.colour_png(8, (4, 5, 6)), SHOWS),
    Case("a colour of 16 bits that is transparent", lambda: odd.colour_png(16, (40000, 41000, 42000)), SHOWS),
    Case("a colour of 16 bits that is transparent, unused", lambda: odd.colour_png(16, (40000, 41000, 256)), is_(
        np.uint8([[[1, 2, 3], [156, 160, 164]]]))),
]  # fmt: skip

FORMS = [
    Case("JPEG", lambda: encoded(PICTURE, "JPEG", quality=98, subsampling=0), JPEG),
    Case("progressive JPEG", lambda: encoded(PICTURE, "JPEG", quality=98, subsampling=0, progressive=True), JPEG),
    Case("grey JPEG", lambda: encoded(LEVELS, "JPEG", quality=98), is_(GREY[..., None].repeat(3, -1), 6)),
    Case("JPEG for print (CMYK)", lambda: encoded(odd.inks(), "JPEG", quality=100, subsampling=0), JPEG),
    Case("JPEG for print (YCCK)", odd.ycck, JPEG),
    Case("JPEG with zeros behind its end", lambda: encoded(PICTURE, "JPEG", quality=98, subsampling=0) + bytes(99), JPEG),
    Case("TIFF for print", lambda: encoded(odd.inks(), "TIFF"), is_(RGB, 1)),
    Case("WebP with loss", lambda: encoded(PICTURE, "WEBP", quality=100), is_(RGB, 130)),
    Case("a palette", lambda: encoded(PICTURE.quantize(6)), PHOTO),
    Case("a palette of 4 bits", lambda: encoded(PICTURE.quantize(6), bits=4), PHOTO),
    Case("black and white", lambda: encoded(LEVELS.point(lambda v: 255 * (v > 99)).convert("1")), is_(
        np.uint8(255 * (GREY > 99))[..., None].repeat(3, -1))),
    Case("grey", lambda: encoded(LEVELS), GREYS),
    Case("grey of 16 bits", lambda: encoded(Image.fromarray((GREY.astype(np.uint16) << 8) + 200)), GREYS),
    Case("colours of 16 bits", lambda: odd.png(
        16, 2, [((row.astype(">u2") << 8) + 200).astype(">u2").tobytes() for row in RGB], 48), PHOTO),
    Case("BMP", lambda: encoded(PICTURE, "BMP"), PHOTO),
    Case("TIFF", lambda: encoded(PICTURE, "TIFF", compression="tiff_lzw"), PHOTO),
    *(Case(f"the first picture of a moving {kind}",
           lambda kind=kind, o=o: encoded(PICTURE, kind, save_all=True, append_images=[LEVELS.convert("RGB")], **o), PHOTO)
      for kind, o in (("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}))),
    Case("a colour profile is left aside, as ComfyUI does", lambda: encoded(PICTURE, icc_profile=b"Adobe RGB" * 20), PHOTO),
    Case("floating-point numbers", lambda: encoded(GREY.astype(np.float32), "TIFF"), Refused("floating-point numbers")),
    Case("more than 16 bits", lambda: encoded(GREY.astype(np.int32) + 70000, "TIFF"), Refused("more than 16 bits")),
]  # fmt: skip

NONE = [
    Case("HEIC of a phone, without its library", lambda: odd.box(b"heic"), Refused("it is HEIC; save it as JPEG or PNG")),
    Case("HEIF of another maker", lambda: odd.box(b"mif1"), Refused("it is HEIC; save it as JPEG or PNG")),
    Case("AVIF that is damaged", lambda: odd.box(b"avif"), Refused("it is AVIF, damaged or newer than")),
    Case("a camera's raw file", odd.raw_file, Refused("a camera's raw file, of which only the preview.*save it as")),
    Case("a video", lambda: odd.box(b"isom"), Refused(r"cannot be read as an image \(it is a video\)")),
    Case("a video (MKV)", lambda: b"\x1aE\xdf\xa3" + bytes(99), Refused("it is a video")),
    Case("a video (AVI)", lambda: b"RIFF\0\0\1\0AVI LIST" + bytes(99), Refused("it is a video")),
    Case("a PDF", lambda: b"%PDF-1.7 ...", Refused("it is a PDF")),
    Case("JPEG XL", lambda: b"\xff\x0a" + bytes(99), Refused("JPEG XL; save it as JPEG or PNG")),
    Case("nothing", bytes, Refused("it is empty")),
    Case("a text", lambda: b"me in the garden", Refused("expected PNG, JPEG or WebP")),
    Case("a web page", lambda: b"<!DOCTYPE html><html>", Refused("a web page under a file's name")),
    Case("what Git LFS left in its place", lambda: b"version https://git-lfs.github.com/spec/v1\n", Refused("git lfs pull")),
    Case("far too many pixels", odd.bomb, Refused("far too large; scale it down first")),
    *(Case(f"half of a {kind}", lambda kind=kind: half(encoded(PICTURE, kind)), Refused("cannot be read as an image"))
      for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")),
    *(Case(f"half of a JPEG, then zeros ({how})", lambda o=o: then_zeros(encoded(PICTURE, "JPEG", **o)), Refused("cut off"))
      for how, o in (("baseline", {}), ("progressive", {"progressive": True}))),
    Case("half of a PNG, then zeros", lambda: then_zeros(encoded(PICTURE)), Refused("cannot be read as an image")),
]  # fmt: skip
PHOTOS = [*HELD, *ALPHA, *FORMS, *NONE]


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def then_zeros(data: bytes) -> bytes:
    """As a download or copy that broke off leaves a file whose room was taken first."""
    return data[: len(data) * 3 // 4] + bytes(len(data) - len(data) * 3 // 4)
