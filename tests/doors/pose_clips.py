"""Clips, pictures and photos for the `pose` command, each with the words of a command: what somebody brings to it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pack.magicanimate_core.media.densepose import paint
from pack.magicanimate_core.media.writing import LOSSLESS, video_writer, write_picture
from pack.tests.doors.videos import over, write
from pack.tests.pose import pictures as show
from pack.tests.pose.figures import two_figures
from PIL import Image

Brings = Callable[[Path], list]  # writes files into a folder, returns the command's words
PLAIN = ("--steady", 0, "--no-fill-gaps")


def lossless(path: Path, frames: np.ndarray, fps: float = 25) -> Path:
    with video_writer(path, fps, frames.shape[2], frames.shape[1], LOSSLESS) as put:
        for frame in frames:
            put(frame)
    return path


def clip(name: str, *words: object, frames: Callable[[], np.ndarray] = show.dancer) -> Brings:
    """A lossless video in a form."""
    return lambda folder: [lossless(folder / "in.mp4", show.drawn(name, frames())), folder / "out.mp4", *words]


def coded(name: str, codec: str, **options: str) -> Brings:
    """A lossy video in a form."""
    return lambda folder: [write(folder / "in.mp4", show.drawn(name), codec, **options), folder / "out.mp4", *PLAIN]


def picture(name: str, out: str = "out.png") -> Brings:
    """One PNG in a form."""

    def bring(folder: Path) -> list:
        write_picture(folder / "in.png", show.drawn(name)[0])
        return [folder / "in.png", folder / out]

    return bring


def moving(suffix: str, name: str) -> Brings:
    """An animated picture."""

    def bring(folder: Path) -> list:
        first, *rest = (Image.fromarray(frame) for frame in show.drawn(name))
        lossless_ = {"lossless": True} if suffix == ".webp" else {}
        first.save(folder / f"in{suffix}", save_all=True, append_images=rest, duration=40, **lossless_)
        return [folder / f"in{suffix}", folder / "out.mp4", *PLAIN]

    return bring


def posed(photo: np.ndarray | Callable[[], np.ndarray], *words: object, name: str = "viridis") -> Brings:
    """A clip and a photo's pose (h, w, 3)."""

    def bring(folder: Path) -> list:
        write_picture(folder / "photo.png", photo() if callable(photo) else photo)
        return [*clip(name)(folder), "--photo-pose", folder / "photo.png", *words]

    return bring


def first() -> np.ndarray:
    """The dancer of the first frame, (H, W) parts."""
    return show.dancer()[0]


def alpha_png(level: int) -> Brings:
    def bring(folder: Path) -> list:
        Image.fromarray(over(show.drawn("viridis"), level)[0]).save(folder / "in.png")
        return [folder / "in.png", folder / "out.png"]

    return bring


def uneven(folder: Path) -> list:
    """Frames that last 40, 40 and 120 milliseconds."""
    frames = show.drawn("viridis")
    source = write(folder / "in.mkv", frames, "libx264rgb", "rgb24", times=[0, 40, 80, 200], qp="0")
    return [source, folder / "out.mp4", *PLAIN]


def large(folder: Path) -> list:
    parts = first().repeat(20, 0).repeat(20, 1)  # 3840 x 3840
    write_picture(folder / "in.png", paint(parts))
    return [folder / "in.png", folder / "out.png"]


def two_people() -> np.ndarray:
    return np.stack([two_figures(96, 128, apart=i) for i in range(4)])


def nobody_in_the_middle() -> np.ndarray:
    parts = show.dancer()[[0, 0, 0, 0]].copy()
    parts[2] = 0
    return parts


def files(**named: Callable[[Path], object]) -> Callable[..., Brings]:
    """Words of a command, of which those that name a file are paths in the folder; `named` write them (dots are _)."""

    def words(*words: object) -> Brings:
        def bring(folder: Path) -> list:
            for name, put in named.items():
                put(folder / name.replace("_", "."))
            return [folder / word if str(word).split(".")[-1] in ("mp4", "png", "avi", "txt") else word for word in words]

        return bring

    return words


def drawn(draw: Callable[[], np.ndarray]) -> Callable[[Path], object]:
    """Writes frames under any name."""
    return lambda path: lossless(path, draw())


def plain(colour: tuple[int, int, int]) -> Callable[[Path], object]:
    """Writes frames of one colour."""
    return drawn(lambda: np.full((3, 64, 64, 3), colour, np.uint8))
