"""Pictures of help pages that are drawn: windows, noise, timesteps, a plan, a comparison. Pictures are uint8."""

from itertools import repeat

import numpy as np
import torch

from magicanimate_core.evaluation.images import plan_images
from magicanimate_core.evaluation.report.picture import picture
from magicanimate_core.evaluation.run import evaluate
from magicanimate_core.method.noise import TRAIN_TIMESTEPS, official_timesteps, trailing_timesteps
from magicanimate_core.method.windows import official_length, official_windows
from magicanimate_core.options import Settings
from magicanimate_core.plan.ink import QUIET, SHARES, WARM, Ink
from magicanimate_core.plan.picture import draw
from magicanimate_core.plan.plan import Plan, make_plan
from magicanimate_core.plan.preview import preview

PLAN_FRAMES = 40  # of a clip that is longer than a window
NOISE_SHOWN, NOISE_CELL, NOISE_SIDE = 12, 5, 46  # frames; pixels a value, and a frame with its margin


def plan_of_windows() -> Plan:
    settings = Settings()
    total = official_length(PLAN_FRAMES, settings.context_length)
    layouts = repeat(official_windows(total, settings.context_length, settings.context_overlap), settings.steps)
    return make_plan(PLAN_FRAMES, (512, 512), layouts, windows=settings, sampling=settings)


def drawn_windows() -> np.ndarray:
    return draw(plan_of_windows())


def drawn_plan(photo: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """photo: (H, W, 3), poses: (PLAN_FRAMES, H, W, 3)."""
    image, _ = preview(plan_of_windows(), as_images(poses), as_images(photo[None]), Settings().fit)
    return as_levels(image)


def drawn_noise() -> np.ndarray:
    """Above: the same again after a third of the frames. Below: each frame its own."""
    ink = Ink(NOISE_SHOWN * NOISE_SIDE, 2 * NOISE_SIDE + 6)
    frames = np.random.default_rng(0).integers(0, 256, (NOISE_SHOWN, 8, 8, 3), np.uint8)
    for number in range(NOISE_SHOWN):
        for line, frame in enumerate((frames[number % (NOISE_SHOWN // 3)], frames[number])):
            ink.paste(
                frame.repeat(NOISE_CELL, 0).repeat(NOISE_CELL, 1), number * NOISE_SIDE + 3, line * (NOISE_SIDE + 6) + 3
            )
    return np.asarray(ink.image)


def drawn_timesteps() -> np.ndarray:
    """Where ten steps stand, from pure noise at the left to the picture at the right."""
    ink, left, wide = Ink(576, 90), 90, 470
    for line, (name, places) in enumerate({"official": official_timesteps(10), "trailing": trailing_timesteps(10)}.items()):
        y = 28 + 36 * line
        ink.write(12, y, name)
        ink.box((left, y - 1, left + wide, y + 1), QUIET)
        for number, place in enumerate(places):
            x = left + wide * (1 - place / TRAIN_TIMESTEPS)
            ink.box((x - 3, y - 9, x + 3, y + 9), WARM if number == 0 else SHARES[1])
    return np.asarray(ink.image)


def drawn_comparison(made: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Both (F, H, W, 3)."""
    planned = plan_images(as_images(made), as_images(true), (), lambda: None)
    results, curves = evaluate(planned, torch.device("cpu"))
    return picture(results, next(iter(curves.values())), " x ".join(map(str, made.shape[:3])))


def as_images(frames: np.ndarray) -> torch.Tensor:
    """(F, H, W, 3) uint8 -> the same, float in [0, 1]."""
    return torch.from_numpy(frames.copy()).float() / 255


def as_levels(image: torch.Tensor) -> np.ndarray:
    """(1, H, W, 3) float in [0, 1] -> (H, W, 3) uint8."""
    return (image[0] * 255).round().to(torch.uint8).numpy()
