"""How well the demo model dances: held-out dancers along held-out motions, against the true frames of the drawn world.

    python -m benchmarks.demo_quality [--weights demo/weights] [--dancers 20] [--size 192] [--out demo/quality.json]

Each reference shows the dancer in another motion than the one that is asked for. Four answers are compared:
the model; the reference repeated; the model with the appearance encoder disconnected; the model without temporal attention.
A fifth row is the floor under the model: the true frames, encoded and decoded by its VAE.
`person` and `change` are person_l1 and change_l1 of magicanimate_core/evaluation/metrics.py, the region of the former the
union of the person's masks in the reference and in the true frame.
Dancers who are seen from head to foot are harder than those who are cut: few latents hold them. They are also told apart.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from magicanimate_core.dancers import clip
from magicanimate_core.evaluation.metrics import change_l1, person_l1
from magicanimate_core.media.densepose import paint
from magicanimate_core.method.noise import TIMESTEPS
from magicanimate_core.options import Settings
from magicanimate_core.pipeline.animate import animate
from magicanimate_core.pipeline.base import load_base
from magicanimate_core.pipeline.latents import decode_frames, encode_frames
from magicanimate_core.pipeline.models import Models, load_models
from magicanimate_core.pipeline.nets import TemporalUNet
from scripts.demo import SIZE, workflow_inputs

REPEATED, ENCODED = "reference repeated", "true frames through the VAE"
NO_ENCODER, NO_TEMPORAL = "no appearance encoder", "no temporal attention"  # ablations: Table 2 of the paper
VARIANTS = ("model", REPEATED, NO_ENCODER, NO_TEMPORAL, ENCODED)
ANKLES = [15, 16]  # COCO's
BARS = {  # the ratio of the model's error to the other's that the demo is held to
    ("person", REPEATED): 0.5,
    ("person", NO_ENCODER): 0.7,
    ("change", NO_TEMPORAL): 0.8,
}


def load(weights: Path, temporal: bool) -> Models:
    """Loads the demo model; without `temporal`, a model of single frames."""
    models = load_models(weights / "base", weights / "magicanimate")
    if not temporal:
        models.nets.unet = TemporalUNet(load_base(weights / "base").unet, motion=None)
    return models.to("cpu", torch.float32)


class Dancer(NamedTuple):
    """A held-out dancer in the reference, and what the clip should become."""

    reference: np.ndarray  # (H, W, 3) uint8
    frames: np.ndarray  # (F, H, W, 3) uint8, the truth
    region: np.ndarray  # (F, H, W) bool: where the person is in the reference or in the true frame
    poses: np.ndarray  # (F, H, W, 3) uint8
    whole: bool  # whether the reference shows the feet


def held_out(index: int, frames: int, size: int) -> Dancer:
    """Draws a dancer along one motion, and the reference in another."""
    moving = clip(index, "held_out", frames=frames, height=size, width=size)
    shown, true = moving.dancing(1000 + index).frame(0), list(moving)
    pictures, masks = np.stack([f.image for f in true]), np.stack([f.mask for f in true])
    whole = bool(shown.joints[ANKLES, 1].max() < size)
    return Dancer(shown.image, pictures, masks | shown.mask, paint(np.stack([f.parts for f in true])), whole)


def answer(variant: str, models: Models, case: Dancer, settings: Settings) -> np.ndarray:
    """Makes the frames of a variant, (F, H, W, 3) uint8."""
    if variant == REPEATED:
        return np.stack([case.reference] * len(case.frames))
    if variant == ENCODED:
        return decode_frames(models.vae, encode_frames(models.vae, torch.from_numpy(case.frames)))
    return animate(models, None if variant == NO_ENCODER else case.reference, case.poses, settings)


def measure(weights: Path, dancers: int, frames: int, size: int, settings: Settings) -> dict[str, list[dict[str, float]]]:
    """Returns the errors of every variant for every dancer."""
    from tqdm import tqdm

    results: dict[str, list[dict[str, float]]] = {}
    for variant in VARIANTS:
        models = load(weights, temporal=variant != NO_TEMPORAL)
        for index in tqdm(range(dancers), desc=variant):
            case = held_out(index, frames, size)
            made = answer(variant, models, case, settings)
            person, change = person_l1(made, case.frames, case.region), change_l1(made, case.frames)
            results.setdefault(variant, []).append({"person": person, "change": change, "whole": case.whole})
    return results


def table(results: dict[str, list[dict[str, float]]]) -> str:
    """Writes Markdown: mean and standard deviation over the dancers, then the ratios that the bars ask for."""
    lines = ["| | person L1 | change error |", "|---|---|---|"]
    for variant, rows in results.items():
        cells = [[row[name] for row in rows] for name in ("person", "change")]
        lines.append(f"| {variant} | " + " | ".join(f"{np.mean(c):.2f} ± {np.std(c):.2f}" for c in cells) + " |")
    lines += ["", "| ratio of means | reached | per dancer, median (quartiles) | bar |", "|---|---|---|---|"]
    for (name, other), bar in BARS.items():
        ours, others = (np.array([row[name] for row in results[v]]) for v in ("model", other))
        low, middle, high = np.quantile(ours / others, [0.25, 0.5, 0.75])
        spread = f"{middle:.2f} ({low:.2f} to {high:.2f})"
        lines.append(f"| {name}: model / {other} | {ours.mean() / others.mean():.3f} | {spread} | {bar} |")
    return "\n".join([*lines, "", *by_shot(results)])


def by_shot(results: dict[str, list[dict]]) -> list[str]:
    """Writes Markdown: the person's ratio of those who are seen from head to foot, and of those who are cut."""
    lines = [
        "| person: model / reference repeated | dancers | ratio of means | through the VAE alone |",
        "|---|---|---|---|",
    ]
    for name, whole in (("from head to foot", True), ("cut", False)):
        sums = {v: sum(row["person"] for row in rows if row["whole"] == whole) for v, rows in results.items()}
        count = sum(row["whole"] == whole for row in results["model"])
        if count:
            ratios = (f"{sums[v] / sums[REPEATED]:.3f}" for v in ("model", ENCODED))
            lines.append(f"| {name} | {count} | {' | '.join(ratios)} |")
    return lines


def main() -> None:
    demo = workflow_inputs("demo_dance", "MagicAnimateAnimate")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path("demo/weights"))
    parser.add_argument("--dancers", type=int, default=20)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--steps", type=int, default=demo["steps"])
    parser.add_argument("--scheduler", default=demo["scheduler"], choices=TIMESTEPS)
    parser.add_argument("--cfg", type=float, default=demo["cfg"])
    parser.add_argument("--out", type=Path, help="also write every number, as JSON")
    options = parser.parse_args()
    settings = Settings(steps=options.steps, cfg=options.cfg, scheduler=options.scheduler)
    results = measure(options.weights, options.dancers, options.frames, options.size, settings)
    print(table(results))
    if options.out:
        options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
