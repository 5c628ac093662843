"""Video files opened at the stream that is their video, and how much of a file is missing. PyAV."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from .blobs import Blob, Unreadable, unreadable
from .display import check_colour_tags
from .images import TRANSPARENT


@contextmanager
def opened(blob: Blob) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Opens a video at its first stream of moving pictures. Raises Unreadable, also for what fails while it is open."""
    with opened_file(blob) as container:
        videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not videos:
            raise Unreadable(f"{blob.name} {_held_instead(container, blob)}.")
        if videos[0].codec_context is None:
            raise Unreadable(f"{blob.name} is compressed in a way that cannot be decoded here; convert it to H.264.")
        check_colour_tags(videos[0].codec_context.colorspace, videos[0].codec_context.color_trc)
        if videos[0].metadata.get("alpha_mode") == "1":  # the decoder leaves it out
            raise Unreadable(f"{blob.name} {TRANSPARENT}")
        yield container, videos[0]


def _held_instead(container: InputContainer, blob: Blob) -> str:
    """Says what a file without a video holds, as what goes on after its name."""
    if missing_bytes(blob):
        return "is cut off: its end is missing, and with it all frames"
    kinds = sorted({stream.type for stream in container.streams} - {"video"})
    held = [*kinds, *["a cover picture"] * bool(container.streams.video)]
    return f"has no pictures that move, only {' and '.join(held)}" if held else "holds neither pictures nor sound"


@contextmanager
def opened_file(blob: Blob) -> Iterator[InputContainer]:
    """Opens a file of videos or sound. Raises Unreadable, also for what fails while it is open."""
    file = f"file:{blob.path}" if blob.size is None else io.BytesIO(blob.read())  # a colon in a name is no protocol
    with unreadable(blob, "a video"):
        try:
            with av.open(file, metadata_errors="ignore") as container:
                yield container
        except av.error.FFmpegError as error:
            why = "it is cut off: its end is missing" if missing_bytes(blob) else error.strerror
            raise ValueError(why) from error


def missing_bytes(blob: Blob) -> int:
    """Returns how many bytes a file should still have by what it says itself; 0 for what does not say, or is not there."""
    if not blob.path.is_file():
        return 0
    size = blob.path.stat().st_size if blob.size is None else blob.size
    with open(blob.path, "rb") as file:

        def read(at: int, count: int) -> bytes:
            file.seek(blob.offset + at)
            return file.read(min(count, max(0, size - at)))

        head = read(0, 64)
        if head[:4] == b"RIFF":
            return max(0, 8 + int.from_bytes(head[4:8], "little") - size)
        if head[:4] == b"\x1a\x45\xdf\xa3":
            return max(0, _matroska_end(head) - size)
        if head[:3] == b"GIF":
            return int(not read(max(0, size - 64), 64).rstrip(b"\0").endswith(b";"))
        return max(0, _boxes_end(read, size) - size) if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free") else 0


def _matroska_end(head: bytes) -> int:
    """Returns where a Matroska file's segment ends, 0 where it does not say (a live recording)."""
    header, begin = _length(head, 4)
    segment = begin + (header or 0)
    if head[segment : segment + 4] != b"\x18\x53\x80\x67":
        return 0
    length, begin = _length(head, segment + 4)
    return begin + length if length is not None else 0


def _length(head: bytes, at: int) -> tuple[int | None, int]:
    """Reads an EBML length; returns it (None: unknown) and where it ends."""
    first = head[at] if at < len(head) else 0
    width = 9 - first.bit_length()
    bits = int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)
    return (None if bits == (1 << 7 * width) - 1 else bits), at + width


def _boxes_end(read: Callable[[int, int], bytes], size: int) -> int:
    """Returns where the last of an MP4's boxes ends."""
    at = 0
    while at + 8 <= size:
        head = read(at, 16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if not (kind.isalnum() and kind.isascii()):  # what follows the boxes is none of them
            return at
        length = int.from_bytes(head[8:16], "big") if length == 1 else length or size - at
        at += max(length, 8)
    return at
