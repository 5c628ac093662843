"""Odd clips, as phones, recorders, editors and broken downloads make them. Written with PyAV, and by changing bytes."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

CORNERS = np.zeros((32, 48, 3), np.uint8)  # red, green / blue, black
CORNERS[:16, :24], CORNERS[:16, 24:], CORNERS[16:, :24] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
MILLISECOND = Fraction(1, 1000)
RATE = 44100  # samples per second


def grey(count: int) -> np.ndarray:
    """Frame i is 10 i bright, (count, 32, 48, 3) uint8."""
    return np.broadcast_to((np.arange(count, dtype=np.uint8) * 10)[:, None, None, None], (count, 32, 48, 3))


def over(frames: np.ndarray, alpha: int) -> np.ndarray:
    """Frames with an alpha channel, (F, H, W, 4) uint8."""
    return np.concatenate([frames, np.full_like(frames[..., :1], alpha)], -1)


def write(
    path: Path,
    frames: np.ndarray,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    times: list[int] | None = None,  # milliseconds
    fps: int = 25,
    sound: str | None = None,  # codec
    cover: bool = False,
    tags: dict[str, int] | None = None,
    muxer: dict[str, str] | None = None,
    sound_from: float = 0.0,  # seconds
    format: str | None = None,
    **options: str,
) -> Path:
    """Writes (F, H, W, 3) uint8, or with alpha, as a video with anything beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=format, options=muxer or {}) as container:
        container.metadata["title"] = "Grete"
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        if times:
            stream.codec_context.time_base = MILLISECOND
        heard = container.add_stream(sound, rate=48000 if sound == "libopus" else RATE, layout="stereo") if sound else None
        picture = _cover(container) if cover else None
        for i, rgb in enumerate(frames):
            frame = coloured(rgb, pixels, tags or {})
            if times:
                frame.pts, frame.time_base = times[i], MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if heard:
            seconds = (times[-1] / 1000 if times else len(frames) / fps) + sound_from
            for packet in [*heard.encode(tone(seconds, heard.rate, sound_from)), *heard.encode()]:
                container.mux(packet)
        if picture:
            container.mux(picture.encode(av.VideoFrame.from_ndarray(np.full((32, 48, 3), 255, np.uint8), format="rgb24")))
            container.mux(picture.encode())
    return path


def _cover(container: av.container.OutputContainer) -> av.VideoStream:
    stream = container.add_stream("mjpeg", rate=1)
    stream.height, stream.width, stream.pix_fmt = 32, 48, "yuvj420p"
    stream.disposition = av.stream.Disposition.attached_pic.value
    return stream


def coloured(rgb: np.ndarray, pixels: str, tags: dict[str, int]) -> av.VideoFrame:
    """A picture in the matrix and range of `tags`, by its formula where they name one. rgb: (H, W, 3) or with alpha."""
    if rgb.shape[2] == 4:
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgba")
    matrix = tags.get("colorspace")
    if matrix is None or pixels != "yuv444p":
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    red, blue = {1: (0.2126, 0.0722), 9: (0.2627, 0.0593)}.get(matrix, (0.299, 0.114))
    r, g, b = np.moveaxis(rgb / 255, -1, 0)
    y = red * r + (1 - red - blue) * g + blue * b
    chroma = np.stack([(b - y) / (2 - 2 * blue), (r - y) / (2 - 2 * red)])
    full = tags.get("color_range") == 2
    levels = [y * 255 if full else 16 + 219 * y, *(128 + chroma * (255 if full else 224))]
    return av.VideoFrame.from_ndarray(np.stack(levels).round().clip(0, 255).astype(np.uint8), format="yuv444p")


def tone(seconds: float, rate: int, quiet: float = 0.0) -> av.AudioFrame:
    """440 Hz after `quiet` seconds."""
    time = np.arange(int(rate * seconds)) / rate
    wave = (np.sin(2 * np.pi * 440 * time) * 8000 * (time >= quiet)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave.repeat(2)[None], format="s16", layout="stereo")
    frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return frame


def turned(path: Path, frames: np.ndarray, a: int, b: int, c: int, d: int, **options) -> Path:
    """An MP4 that asks to be shown with pixel (x, y) at (a x + c y, b x + d y), as phones write it."""
    data = bytearray(write(path, frames, "libx264rgb", "rgb24", qp="0", **options).read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", *(round(x * 65536) for x in (a, b, 0, c, d, 0, 0, 0)), 1 << 30)
    path.write_bytes(data)
    return path


def cut(path: Path, share: float = 0.6) -> Path:
    """The first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def changed(path: Path, old: bytes, new: bytes) -> Path:
    """The file with bytes replaced by as many others."""
    data = path.read_bytes()
    assert old in data and len(old) == len(new)
    path.write_bytes(data.replace(old, new))
    return path


def only_sound(path: Path, cover: bool = False) -> Path:
    """A song, perhaps with a cover."""
    with av.open(str(path), "w") as container:
        heard = container.add_stream("aac", rate=RATE, layout="stereo")
        picture = _cover(container) if cover else None
        for packet in [*heard.encode(tone(0.5, RATE)), *heard.encode()]:
            container.mux(packet)
        if picture:
            container.mux(picture.encode(av.VideoFrame.from_ndarray(CORNERS, format="rgb24")))
            container.mux(picture.encode())
    return path


def heard_seconds(path: Path) -> tuple[str, float, float] | None:
    """Codec, first and last time of a file's sound as decoded, seconds; None where there is none."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        loud = []
        for frame in container.decode(stream):
            levels = np.abs(frame.to_ndarray().astype(float)) / (32768 if frame.format.name.startswith("s16") else 1)
            if not frame.format.is_planar:  # samples of all channels in one row
                levels = levels.reshape(-1, len(frame.layout.channels)).T
            begin = float(frame.pts * frame.time_base)
            loud += [begin + i / frame.sample_rate for i in np.flatnonzero(levels[0] > 0.05).tolist()]
        return stream.codec_context.name, min(loud), max(loud)
