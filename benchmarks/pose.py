"""Prepare Pose Video: person pixels in wrong colours, and frames per second.

    python -m benchmarks.pose [CLIP ...] [--frames 8] [--speed 120]

A measurement on the CPU. CLIPs are DensePose videos (default: the demo's). Truth: their labels, cleaned (colours within 10
levels of a part's, the majority of these around other pixels, a 3 x 3 mode) and painted exactly; saved in each form, through
each codec, and read again with the form recognised. Counted are person pixels of the truth, edges included; "nearest" is the
nearest colour on the same frames. Two dancers of the split held_out stand beside them, whose truth is as drawn. Forms with
red and blue swapped are left out. Frames are spread over the clip. Speed is of consecutive frames in viridis out of h264 at
crf 28: recognition, conversion and snapping, by the wall clock and per second of processor time; decoding is not counted.
"""

import argparse
import io
import os
import time
from pathlib import Path

import av
import cv2
import numpy as np

from magicanimate_core.dancers import clip
from magicanimate_core.media.densepose import POSE_FORMS, nearest_parts, paint
from magicanimate_core.media.reading import open_video
from magicanimate_core.pose.forms import FORMS, see
from magicanimate_core.pose.preparing import prepare_poses
from magicanimate_core.pose.recognition import tell

from .report import table

DEMO = Path(__file__).resolve().parent.parent / "demo" / "inputs"
CODECS = {
    "none": None,
    "h264 crf 18": ("libx264", {"crf": "18"}, None),
    "h264 crf 28": ("libx264", {"crf": "28"}, None),
    "mpeg4 2 Mbit/s": ("mpeg4", {}, 2_000_000),
}
OTHERS = {  # of viridis alone
    "h264 crf 23 veryfast": ("libx264", {"crf": "23", "preset": "veryfast"}, None),
    "vp9 crf 32": ("libvpx-vp9", {"crf": "32", "b": "0", "cpu-used": "6"}, None),
    "mjpeg q 4": ("mjpeg", {"qmin": "4", "qmax": "4"}, None),
}
DANCERS = {"drawn dancer": (0, 512), "small drawn dancer": (1, 256)}  # number and size of a picture in one of 512 x 512


def cleaned(rgb: np.ndarray) -> np.ndarray:
    """The labels (H, W) of a frame (H, W, 3); by other means than the ones that are measured."""
    parts, apart = nearest_parts(rgb)
    sure = apart <= 10
    for _ in range(4):
        votes = _votes(parts, sure)
        parts = np.where(sure | (votes.max(0) <= 0), parts, votes.argmax(0))
        sure |= votes.max(0) > 0
    return _votes(parts, sure | True).argmax(0).astype(np.uint8)


def _votes(parts: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """How many of 3 x 3 pixels have each part, (25, H, W)."""
    return np.stack([cv2.boxFilter((sure & (parts == part)).astype(np.float32), -1, (3, 3)) for part in range(25)]).round(4)


def saved(parts: np.ndarray, name: str, photo: np.ndarray) -> np.ndarray:
    """Part maps (F, H, W) in a form with colours, (F, H, W, 3); photo: (H, W, 1) uint8, where one shines through."""
    form, figure = FORMS[name], (parts > 0)[..., None]
    if form.over_grey:
        return np.where(figure, np.trunc(0.3 * photo + 0.7 * form.colours[parts]), photo).astype(np.uint8)
    return np.where(figure, form.colours[parts], 0).astype(np.uint8) if "_black" in name else form.colours[parts]


def through(frames: np.ndarray, how: tuple | None) -> np.ndarray:
    """Frames (F, H, W, 3) out of a codec."""
    if how is None:
        return frames
    file, (codec, options, rate) = io.BytesIO(), how
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if rate:
            stream.bit_rate = rate
        for rgb in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def errors(frames: np.ndarray, truth: np.ndarray, name: str) -> tuple[float, float]:
    """Shares of person pixels in wrong colours: nearest, and prepared. Frames must be recognised as `name`."""
    found, instead = tell(frames)
    if found is None or found.form.name != name:
        raise SystemExit(f"{name} was taken for {found.form.name if found else instead}")
    prepared, person = np.stack(list(prepare_poses(frames, steady=0))), truth > 0
    nearest = np.stack([see(found.form, frame).parts for frame in frames])
    return float((nearest != truth)[person].mean()), float((prepared != paint(truth)).any(-1)[person].mean())


def quality(name: str, truth: np.ndarray) -> list[list]:
    """Rows of a clip's part maps (F, H, W): form, codec, both errors and their ratio."""
    rows = []
    rng = np.random.default_rng(0)
    rough = rng.integers(0, 256, (truth.shape[1] // 32, truth.shape[2] // 32), np.uint8)
    photo = cv2.resize(rough, truth.shape[:0:-1], interpolation=cv2.INTER_CUBIC)[..., None]
    for form in [form for form in POSE_FORMS if FORMS[form].channel is None and not form.endswith("_bgr")]:
        for codec, how in (CODECS | OTHERS if form == "viridis" else CODECS).items():
            nearest, prepared = errors(through(saved(truth, form, photo), how), truth, form)
            rows.append([name, form, codec, f"{nearest:.2%}", f"{prepared:.2%}", prepared / nearest if nearest else None])
    return rows + [_resized(name, truth)]


def _resized(name: str, truth: np.ndarray) -> list:
    """The row of a clip made half as large, and enlarged again with blurred edges."""
    size = truth.shape[:0:-1]
    frames = np.stack([cv2.resize(paint(parts[::2, ::2]), size, interpolation=cv2.INTER_LINEAR) for parts in truth])
    nearest, prepared = errors(frames, truth[:, ::2, ::2].repeat(2, 1).repeat(2, 2), "viridis")
    return [name, "viridis", "resized to twice its size", f"{nearest:.2%}", f"{prepared:.2%}", prepared / nearest]


def maps(path: Path, count: int) -> np.ndarray:
    """A clip's cleaned part maps (F, H, W), spread over it."""
    video = open_video(path)
    numbers = np.unique(np.linspace(0, len(video) - 1, count).round().astype(int)).tolist()
    return np.stack([cleaned(rgb) for rgb in video.read(numbers)])


def drawn(number: int, side: int, count: int) -> np.ndarray:
    """Part maps (F, 512, 512) of a drawn dancer that the net of the snapping has not seen."""
    dance = clip(number, "held_out", frames=6 * count, height=side, width=side)
    margin = (512 - side) // 2
    return np.pad([dance.frame(6 * i).parts for i in range(count)], ((0, 0), (margin, margin), (margin, margin)))


def speed(path: Path, count: int) -> list:
    """A clip's frames per second."""
    video = open_video(path)
    parts = np.stack([cleaned(rgb) for rgb in video.read(range(min(24, len(video))))])
    frames = list(through(paint(parts), CODECS["h264 crf 28"]))
    clip = [frames[i % len(frames)] for i in range(count)]
    row = [path.stem, "x".join(map(str, parts.shape[:0:-1]))]
    for steady in (0.0, 0.5):
        wall, processor = time.perf_counter(), time.process_time()
        done = sum(1 for _ in prepare_poses(clip, steady=steady, spread=np.stack(frames[::3])))
        row += [done / (time.perf_counter() - wall), done / (time.process_time() - processor)]
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="*", default=sorted(DEMO.glob("motion_*.mp4")))
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--speed", type=int, default=120, help="frames of the speed's clip; 0: none")
    options = parser.parse_args()
    rows = [row for path in options.clips for row in quality(path.stem, maps(path, options.frames))]
    rows += [row for name, (who, side) in DANCERS.items() for row in quality(name, drawn(who, side, options.frames))]
    print(table(["clip", "form", "codec", "nearest wrong", "prepared wrong", "ratio"], rows))
    if options.speed:
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before it"
        print(f"\nFrames per second ({load}):\n")
        names = ["clip", "size", "wall", "per processor second", "steady, wall", "steady, per processor second"]
        print(table(names, [speed(path, options.speed) for path in options.clips]))


if __name__ == "__main__":
    main()
