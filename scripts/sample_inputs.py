"""A drawn person and a DensePose clip of it waving, so that demo and tests have inputs that nobody owns.

    python -m scripts.sample_inputs FOLDER [--size 256] [--frames 24] [--people 1]

The clip has MagicAnimate's colours: part 1..24 of the body as viridis of part * 255 / 24, background viridis of 0.
"""

import argparse
import math
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

FPS = 25
# DensePose numbers a part's front and back, left and right; a figure seen from the front shows these.
TORSO, HEAD = 2, 23
UPPER_LEG, LOWER_LEG, UPPER_ARM, LOWER_ARM, HAND, FOOT = (10, 9), (14, 13), (18, 17), (22, 21), (4, 3), (5, 6)
PAINT = {  # colours of the photo, by part
    TORSO: (40, 90, 180), HEAD: (224, 180, 150), **dict.fromkeys(UPPER_LEG + LOWER_LEG, (60, 60, 70)),
    **dict.fromkeys(UPPER_ARM, (40, 90, 180)), **dict.fromkeys(LOWER_ARM + HAND, (224, 180, 150)),
    **dict.fromkeys(FOOT, (230, 230, 230)),
}  # fmt: skip

Limb = tuple[int, tuple[float, float], tuple[float, float], float]  # part, from, to, thickness; unit: body height


def limbs(phase: float) -> list[Limb]:
    """A figure that waves both arms and shifts its weight; phase 0..1 is one cycle. The hip is the origin, y points down."""
    swing = math.sin(2 * math.pi * phase)
    out: list[Limb] = []
    for side in (0, 1):
        sign = 1 if side == 0 else -1
        knee, ankle = (sign * 0.07 + 0.03 * swing, 0.23), (sign * 0.08 + 0.02 * swing, 0.46)
        out += [(UPPER_LEG[side], (sign * 0.06, 0), knee, 0.1), (LOWER_LEG[side], knee, ankle, 0.08)]
        out += [(FOOT[side], ankle, (ankle[0] + sign * 0.04, 0.49), 0.06)]
    out += [(TORSO, (0, -0.04), (0.02 * swing, -0.26), 0.2)]
    for side in (0, 1):
        sign = 1 if side == 0 else -1
        shoulder = (sign * 0.12 + 0.02 * swing, -0.31)
        lift = math.radians(60 * math.sin(2 * math.pi * phase + side * math.pi / 2))
        elbow = (shoulder[0] + sign * 0.15 * math.cos(lift), shoulder[1] - 0.15 * math.sin(lift))
        wrist = (elbow[0] + sign * 0.13 * math.cos(lift * 1.5), elbow[1] - 0.13 * math.sin(lift * 1.5))
        hand = (wrist[0] + (wrist[0] - elbow[0]) * 0.3, wrist[1] + (wrist[1] - elbow[1]) * 0.3)
        out += [
            (UPPER_ARM[side], shoulder, elbow, 0.07),
            (LOWER_ARM[side], elbow, wrist, 0.055),
            (HAND[side], wrist, hand, 0.06),
        ]
    return [*out, (HEAD, (0.02 * swing, -0.41), (0.02 * swing, -0.45), 0.13)]


def part_map(phase: float, size: int, people: int = 1) -> np.ndarray:
    """Part index of every pixel, (size, size) uint8, 0 is background."""
    parts = np.zeros((size, size), np.uint8)
    for person in range(people):
        middle, height = np.array([size * (person + 1) / (people + 1), size * 0.5]), size * 0.85
        for part, start, end, thickness in limbs(phase + person / 3):
            a, b = (tuple(int(v) for v in np.round(middle + np.array(p) * height)) for p in (start, end))
            cv2.line(parts, a, b, part, max(1, round(thickness * height)))
    return parts


def densepose(parts: np.ndarray) -> np.ndarray:
    """RGB of a part map in the colours the ControlNet was trained on."""
    return cv2.applyColorMap(np.round(parts * (255 / 24)).astype(np.uint8), cv2.COLORMAP_VIRIDIS)[..., ::-1]


def photo(size: int, people: int = 1) -> np.ndarray:
    """RGB picture of the figure at rest before a wall."""
    rows = np.linspace(0, 1, size)[:, None, None]
    picture = np.broadcast_to(np.array([200, 205, 190]) * (1 - 0.25 * rows), (size, size, 3)).copy()
    picture[int(size * 0.86) :] = (120, 100, 80)
    parts = part_map(0.0, size, people)
    for part, colour in PAINT.items():
        picture[parts == part] = colour
    return cv2.GaussianBlur(picture.astype(np.uint8), (3, 3), 0)


def write_video(path: Path, frames: list[np.ndarray], fps: int = FPS) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps), options={"crf": "12"})
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode())


def write(folder: Path, size: int = 256, frames: int = 24, people: int = 1, name: str = "") -> tuple[Path, Path]:
    """Writes a photo and a clip; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    image, clip = folder / f"{name or 'reference'}.png", folder / f"{name + '_' if name else ''}densepose.mp4"
    cv2.imwrite(str(image), photo(size, people)[..., ::-1])
    write_video(clip, [densepose(part_map(i / frames, size, people)) for i in range(frames)])
    return image, clip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, default in (("size", 256), ("frames", 24), ("people", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    print(*write(options.folder, options.size, options.frames, options.people), sep="\n")


if __name__ == "__main__":
    main()
