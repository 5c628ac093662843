"""How well the demo model dances: held-out dancers along held-out motions, against the true frames of the drawn world.

    python -m benchmarks.demo_quality [--weights demo/weights] [--dancers 20] [--size 192] [--out demo/quality.json]

Each reference shows the dancer in another motion than the one that is asked for. Four answers are compared:
the model; the reference repeated; the model with the appearance encoder disconnected; the model without temporal attention.
A fifth row is the floor under the model: the true frames, encoded and decoded by its VAE.
- `person`: mean |made - true| (0..255) over the union of the person's masks in the reference and in the true frame.
- `change`: mean |(x[t+1] - x[t]) - (y[t+1] - y[t])| over whole frames, x made and y true: flicker and wrong motion.
Dancers who are seen from head to foot are harder than those who are cut: few latents hold them. They are also told apart.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from magicanimate_core.dancers import clip
from magicanimate_core.media.densepose import paint
from magicanimate_core.method.noise import SPACINGS
from magicanimate_core.options import Settings
from magicanimate_core.pipeline.denoise import Conditions, denoise, initial_noise
from magicanimate_core.pipeline.models import Models, encode_prompt, load_models
from magicanimate_core.pipeline.nets import TemporalUNet
from magicanimate_core.training.task import encode_frames
from magicanimate_core.training.validation import decode_frames, to_pixels
from scripts.demo import SIZE, workflow_inputs

VARIANTS = ("model", "reference repeated", "no appearance encoder", "no temporal attention", "true frames through the VAE")
ANKLES = [15, 16]  # COCO's
BARS = {  # the ratio of the model's error to the other's that the demo is held to
    ("person", "reference repeated"): 0.5,
    ("person", "no appearance encoder"): 0.7,
    ("change", "no temporal attention"): 0.8,
}


def load(weights: Path, variant: str) -> Models:
    """The demo model, or one of its amputations."""
    models = load_models(weights / "base", weights / "magicanimate").to("cpu", torch.float32)
    if variant == "no appearance encoder":
        models.encoder, models.unet.keys_values = (lambda *_: None), (lambda features: None)
    if variant == "no temporal attention":
        from diffusers import UNet2DConditionModel

        unet = UNet2DConditionModel.from_pretrained(weights / "base", subfolder="unet")
        models.unet = TemporalUNet(unet.float(), None).eval().requires_grad_(False)
    return models


@torch.no_grad()
def animate(models: Models, reference: np.ndarray, poses: np.ndarray, settings: Settings) -> np.ndarray:
    """reference (H, W, 3), poses (F, H, W, 3) -> frames (F, H, W, 3), all uint8."""
    hints = torch.from_numpy(poses).movedim(-1, 1).float() / 255
    text = encode_prompt(models, "")
    latent = encode_frames(models.vae, torch.from_numpy(reference)[None])
    noise = initial_noise(settings, len(hints), *(side // 8 for side in hints.shape[2:]))
    conditions = Conditions(latent, text, text, lambda frames: hints[frames], len(hints))
    *_, latents = denoise(models, conditions, noise, settings)
    return to_pixels(decode_frames(models.vae, latents[: len(hints)]))


class Dancer(NamedTuple):
    """A held-out dancer in the reference, and what the clip should become."""

    reference: np.ndarray  # (H, W, 3) uint8
    frames: np.ndarray  # (F, H, W, 3) uint8, the truth
    region: np.ndarray  # (F, H, W) bool: where the person is in the reference or in the true frame
    poses: np.ndarray  # (F, H, W, 3) uint8
    whole: bool  # whether the reference shows the feet


def dancer(index: int, frames: int, size: int) -> Dancer:
    moving = clip(index, "held_out", frames=frames, height=size, width=size)
    shown, true = moving.dancing(1000 + index).frame(0), list(moving)
    pictures, masks = np.stack([f.image for f in true]), np.stack([f.mask for f in true])
    whole = bool(shown.joints[ANKLES, 1].max() < size)
    return Dancer(shown.image, pictures, masks | shown.mask, paint(np.stack([f.parts for f in true])), whole)


def errors(made: np.ndarray, true: np.ndarray, region: np.ndarray) -> dict[str, float]:
    made, true = made.astype(float), true.astype(float)
    change = np.abs(np.diff(made, axis=0) - np.diff(true, axis=0)).mean()
    return {"person": float(np.abs(made - true)[region].mean()), "change": float(change)}


def measure(weights: Path, dancers: int, frames: int, size: int, settings: Settings) -> dict[str, list[dict[str, float]]]:
    """Errors of every variant for every dancer."""
    from tqdm import tqdm

    results: dict[str, list[dict[str, float]]] = {}
    for variant in VARIANTS:
        models = None if variant == "reference repeated" else load(weights, variant)
        for index in tqdm(range(dancers), desc=variant):
            case = dancer(index, frames, size)
            if variant == "reference repeated":
                made = np.stack([case.reference] * frames)
            elif variant == "true frames through the VAE":
                made = to_pixels(decode_frames(models.vae, encode_frames(models.vae, torch.from_numpy(case.frames))))
            else:
                made = animate(models, case.reference, case.poses, settings)
            results.setdefault(variant, []).append(errors(made, case.frames, case.region) | {"whole": case.whole})
    return results


def table(results: dict[str, list[dict[str, float]]]) -> str:
    """Markdown: mean and standard deviation over the dancers, then the ratios that the bars ask for."""
    lines = ["| | person L1 | change error |", "|---|---|---|"]
    for variant, rows in results.items():
        cells = [[row[name] for row in rows] for name in ("person", "change")]
        lines.append(f"| {variant} | " + " | ".join(f"{np.mean(c):.2f} ± {np.std(c):.2f}" for c in cells) + " |")
    lines += ["", "| ratio of means | reached | per dancer, median (quartiles) | bar |", "|---|---|---|---|"]
    for (name, other), bar in BARS.items():
        own, others = (np.array([row[name] for row in results[v]]) for v in ("model", other))
        low, middle, high = np.quantile(own / others, [0.25, 0.5, 0.75])
        spread = f"{middle:.2f} ({low:.2f} to {high:.2f})"
        lines.append(f"| {name}: model / {other} | {own.mean() / others.mean():.3f} | {spread} | {bar} |")
    return "\n".join([*lines, "", *by_shot(results)])


def by_shot(results: dict[str, list[dict]]) -> list[str]:
    """Markdown: the person's ratio of those who are seen from head to foot, and of those who are cut."""
    lines = [
        "| person: model / reference repeated | dancers | ratio of means | through the VAE alone |",
        "|---|---|---|---|",
    ]
    for name, whole in (("from head to foot", True), ("cut", False)):
        sums = {v: sum(row["person"] for row in rows if row["whole"] == whole) for v, rows in results.items()}
        count = sum(row["whole"] == whole for row in results["model"])
        if count:
            ratios = (f"{sums[v] / sums['reference repeated']:.3f}" for v in ("model", "true frames through the VAE"))
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
    parser.add_argument("--scheduler", default=demo["scheduler"], choices=SPACINGS)
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
