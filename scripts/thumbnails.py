"""The films beside the templates' names and on top of the README:  python -m scripts.thumbnails [API NAME ...]

Drawn dancers, animated by the demo model (a minute on two cores). A thumbnail is an animated WebP that is called .jpg:
the host serves no other name, and browsers look into the file. Small: what goes in; large: what comes out.
"""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from magicanimate_core.dancers import DrawnClip, clip
from magicanimate_core.media.densepose import paint
from magicanimate_core.options import Settings
from magicanimate_core.pose.align.fit import fit_alignment
from magicanimate_core.pose.palettes import PARULA
from magicanimate_core.testing.inputs import draw_photo, draw_poses

from .comfyui import PACK
from .demo import SIZE, workflow_inputs
from .demo_inputs import CHOSEN
from .elsewhere import OTHER, PERSON, write_webp
from .template_tables import TEMPLATES

STRIDE, WINDOW_SHOWN = 2, 16  # of a clip, every second frame is shown; so many make one window
BEST, DANCE_FRAMES = 2, 32  # of the demo's dancers and motions the pair that the README shows, and how many frames
THUMB_WIDTH = 400  # pixels
THUMB_STEPS = 1  # steadier than the template's four, and nearer to the truth (demo/README.md)
PROMPT = "a dancer\nin grey,\nfrom the hips\nupwards,\na plain wall"
Animator = Callable[..., np.ndarray]  # a photo (H, W, 3), poses (F, H, W, 3), settings to change -> frames, uint8


def main() -> None:
    animate = demo_model()
    for name in sys.argv[1:] or MAKERS:
        MAKERS[name](animate, name)


def demo_model() -> Animator:
    """Returns what animates with the small model, as the demo's template does, in THUMB_STEPS steps."""
    import torch

    from magicanimate_core.pipeline.animate import animate
    from magicanimate_core.pipeline.models import load_models

    demo, weights = workflow_inputs("demo_dance", "MagicAnimateAnimate"), PACK / "demo" / "weights"
    settings = Settings(**{name: demo[name] for name in ("cfg", "seed", "scheduler")}, steps=THUMB_STEPS)
    models = load_models(weights / "base", weights / "magicanimate").to("cpu", torch.float32)
    return lambda photo, poses, **changes: animate(models, photo, poses, replace(settings, **changes))


Panels = list[np.ndarray]  # each a picture (H, W, 3), or one a frame (F, H, W, 3), uint8


def demo_pair(number: int, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """A dancer and the motion of the same number that come with the pack, before any codec."""
    index = CHOSEN[number - 1]
    dancer = drawn_clip(index, frames)
    return dancer.dancing(1000 + index).frame(0).image, np.stack([paint(frame.parts) for frame in dancer])


def demo_dance(animate: Animator, name: str) -> None:
    """The README's, the demo's, and with the noise between that of the parts one by one."""
    photo, poses = demo_pair(BEST, DANCE_FRAMES)
    made = animate(photo, poses)
    beside = [np.hstack((photo, *pair)) for pair in zip(poses, made, strict=True)]
    write_webp(PACK / "docs" / "dance.webp", [cut_to(frame, 6 * SIZE, 2 * SIZE) for frame in beside])
    write_panels(name, [photo, poses[::STRIDE]], made[::STRIDE])
    noise = np.random.default_rng(0).integers(0, 256, (SIZE // 8, SIZE // 8, 3), np.uint8)
    write_panels("composed_graph", [photo, poses[::STRIDE], noise], made[::STRIDE])


def photo_and_poses(animate: Animator, name: str) -> None:
    photo, poses = demo_pair(1, STRIDE * WINDOW_SHOWN)
    write_panels(name, [photo, poses[::STRIDE]], animate(photo, poses[::STRIDE]))


def prompted(animate: Animator, name: str) -> None:
    """The words are an example: the demo model reads none, and its photo is drawn."""
    photo, poses = demo_pair(3, STRIDE * WINDOW_SHOWN)
    write_panels(name, [on_paper(PROMPT), photo, poses[::STRIDE]], animate(photo, poses[::STRIDE]))


def two_drawn(animate: Animator, name: str) -> None:
    photo, poses = draw_photo(SIZE, people=2), draw_poses(SIZE, STRIDE * WINDOW_SHOWN, people=2)[::STRIDE]
    write_panels(name, [photo, poses], animate(photo, poses))


def with_film(animate: Animator, name: str) -> None:
    """One dancer's photo along another's film, brought to the photo's body."""
    photo, film = drawn_clip(OTHER, 1).dancing(5000).frame(0), drawn_clip(PERSON, STRIDE * WINDOW_SHOWN)
    aligned = fit_alignment(parts_painted(film), paint(photo.parts))
    poses = np.stack([aligned.apply(pose) for pose in parts_painted(film)])
    write_panels(name, [photo.image, pictures_of(film), poses], animate(photo.image, poses))


def film_to_poses(_: Animator, name: str) -> None:
    film = drawn_clip(PERSON, STRIDE * WINDOW_SHOWN)
    write_pair(name, pictures_of(film), parts_painted(film))


def other_colours(_: Animator, name: str) -> None:
    parts = np.stack([frame.parts for frame in drawn_clip(PERSON, STRIDE * WINDOW_SHOWN)])[::STRIDE]
    write_pair(name, PARULA[parts], paint(parts))


MAKERS = {  # by the name of the API form
    "demo_dance": demo_dance, "photo_to_video": photo_and_poses, "text_to_image_to_video": prompted, "two_people": two_drawn,
    "photo_and_film_to_video": with_film, "video_to_densepose": film_to_poses, "convert_densepose": other_colours,
}  # fmt: skip


def drawn_clip(index: int, frames: int) -> DrawnClip:
    return clip(index, "held_out", frames=frames, height=SIZE, width=SIZE)


def pictures_of(film: DrawnClip) -> np.ndarray:
    """What is seen in every second frame."""
    return np.stack([frame.image for frame in film])[::STRIDE]


def parts_painted(film: DrawnClip) -> np.ndarray:
    """The DensePose of every second frame."""
    return np.stack([paint(frame.parts) for frame in film])[::STRIDE]


def on_paper(text: str) -> np.ndarray:
    """Words on paper, (SIZE, SIZE, 3) uint8."""
    paper = Image.new("RGB", (SIZE, SIZE), "#f4f1ea")
    draw = ImageDraw.Draw(paper)
    draw.multiline_text((SIZE // 2, SIZE // 2), text, "#222222", ImageFont.load_default(27), "mm", align="center")
    return np.asarray(paper)


def write_panels(name: str, small: Panels, large: np.ndarray) -> None:
    """Writes the thumbnail of a template: some panels below one another, a large one beside them."""
    high = THUMB_WIDTH * len(small) // (len(small) + 1)  # pixels: all panels are squares
    frames = []
    for number, picture in enumerate(large):
        panels = [panel if panel.ndim == 3 else panel[number] for panel in small]
        column = np.vstack([cut_to(panel, 2 * SIZE, 2 * SIZE) for panel in panels])
        frames.append(np.hstack([cut_to(column, THUMB_WIDTH - high, high), cut_to(picture, high, high)]))
    write_thumbnail(name, frames)


def write_pair(name: str, left: np.ndarray, right: np.ndarray) -> None:
    """Writes the thumbnail of a template that only makes poses: before and after."""
    half = THUMB_WIDTH // 2
    write_thumbnail(name, [np.hstack([cut_to(p, half, half) for p in pair]) for pair in zip(left, right, strict=True)])


def write_thumbnail(name: str, frames: list[np.ndarray]) -> None:
    write_webp(PACK / "workflows" / f"{TEMPLATES[name].title}.jpg", frames, STRIDE)


def cut_to(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture, cut to a shape round its middle and scaled, (height, width, 3) uint8."""
    tall, wide = picture.shape[:2]
    scale = min(wide / width, tall / height)
    left, top = (wide - width * scale) / 2, (tall - height * scale) / 2
    box = (left, top, left + width * scale, top + height * scale)
    how = Image.Resampling.NEAREST if tall < SIZE else Image.Resampling.LANCZOS  # latents are pixels to be seen
    return np.asarray(Image.fromarray(picture).resize((width, height), how, box))


if __name__ == "__main__":
    main()
