"""Makes the pictures of docs/elsewhere.md with the demo model:  python -m scripts.elsewhere [docs/elsewhere] [--only NAME]

other_person  a dancer along another dancer's clip, as it is and aligned to the photo
drawing       the same photo as a pencil drawing and as a poster of few colours
two_people    two people in the photo, two in the clip
An animated WebP each: photo, pose and result side by side, a row a case.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from magicanimate_core.dancers import FPS, clip
from magicanimate_core.media.densepose import paint
from magicanimate_core.options import Settings
from magicanimate_core.pose.align.fit import fit_alignment
from magicanimate_core.testing.inputs import draw_photo, draw_poses

from .comfyui import PACK
from .demo import SIZE, workflow_inputs

FRAMES = 16  # one window
PERSON, OTHER = 10, 3  # of the held-out world: seen whole, and cut at the knees
BEHIND = 5000  # motions from here on are in nobody's training, nor in the demo's inputs


class Row(NamedTuple):
    """A case: a photo (H, W, 3) and the DensePose of a clip (F, H, W, 3), uint8."""

    photo: np.ndarray
    poses: np.ndarray


def other_person() -> Iterator[Row]:
    """Reference and motion of different people (Sec. 4.1)."""
    shown = clip(PERSON, "held_out", frames=FRAMES, height=SIZE, width=SIZE).dancing(BEHIND).frame(0)
    poses = np.stack([paint(frame.parts) for frame in clip(OTHER, "held_out", frames=FRAMES, height=SIZE, width=SIZE)])
    yield Row(shown.image, poses)
    aligned = fit_alignment(poses, paint(shown.parts))
    yield Row(shown.image, np.stack([aligned.apply(pose) for pose in poses]))


def drawing() -> Iterator[Row]:
    """Pictures of another kind than the model was trained on (Sec. 4.3)."""
    dancer = clip(PERSON, "held_out", frames=FRAMES, height=SIZE, width=SIZE)
    shown, poses = dancer.dancing(BEHIND).frame(0).image, np.stack([paint(frame.parts) for frame in dancer])
    for style in (pencil, poster):
        yield Row(style(shown), poses)


def two_people() -> Iterator[Row]:
    """Several people in one picture (Sec. 4.3)."""
    yield Row(draw_photo(SIZE, people=2), draw_poses(SIZE, FRAMES, people=2))


def pencil(photo: np.ndarray) -> np.ndarray:
    """A photo as grey lines: itself divided by its blurred negative."""
    grey = ImageOps.grayscale(Image.fromarray(photo))
    blurred = np.asarray(ImageOps.invert(grey).filter(ImageFilter.GaussianBlur(4)), np.float32)
    lines = (np.asarray(grey, np.float32) * 255 / np.maximum(1, 255 - blurred)).clip(0, 255).astype(np.uint8)
    return np.stack([lines] * 3, -1)


def poster(photo: np.ndarray) -> np.ndarray:
    """A photo in patches of four levels a colour, as a woodcut has them."""
    return np.asarray(ImageOps.posterize(Image.fromarray(photo).filter(ImageFilter.MedianFilter(7)), 2))


CASES = {make.__name__: make for make in (other_person, drawing, two_people)}


def main() -> None:
    import torch

    from magicanimate_core.pipeline.animate import animate
    from magicanimate_core.pipeline.models import load_models

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, nargs="?", default=PACK / "docs" / "elsewhere")
    parser.add_argument("--only", choices=CASES)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    demo, weights = workflow_inputs("demo_dance", "MagicAnimateAnimate"), PACK / "demo" / "weights"
    settings = Settings(**{name: demo[name] for name in ("steps", "cfg", "seed", "scheduler")})
    models = load_models(weights / "base", weights / "magicanimate").to("cpu", torch.float32)
    for name in [options.only] if options.only else CASES:
        rows = [(row, animate(models, row.photo, row.poses, settings)) for row in CASES[name]()]
        frames = [np.vstack([np.hstack([row.photo, row.poses[i], made[i]]) for row, made in rows]) for i in range(FRAMES)]
        write_webp(options.out / f"{name}.webp", frames)


def write_webp(path: Path, frames: list[np.ndarray], every: int = 1) -> None:
    """Writes frames (H, W, 3) uint8, every so many of a clip, as a picture that moves, at the drawn world's rate."""
    first, *rest = map(Image.fromarray, frames)
    duration = round(1000 * every / float(FPS))
    first.save(path, "WEBP", save_all=True, append_images=rest, duration=duration, loop=0, quality=70, method=4)
    print(path)


if __name__ == "__main__":
    main()
