"""Trains the small net that decides at the seams of blurred part maps, on drawn dancers:  python -m scripts.train_snapping

Dancers of the split "train", alone or two, large and small, are painted, encoded and read again, as the forms whose
brightness tells parts apart, or (--over-grey --scenes 50 --steps 6000) with a grey photo below. Most have seams as published
clips have them: those have been through a codec before, and their labels are cleaned. Writes
magicanimate_core/pose/judging*.safetensors. A few minutes on two cores.
"""

import argparse
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

from benchmarks.pose import cleaned, through
from magicanimate_core.dancers import clip
from magicanimate_core.media.densepose import paint
from magicanimate_core.pose.forms import ALPHA, FORMS, form_looks, see
from magicanimate_core.pose.judging import TOLD, WEIGHTS, Case, groups, look_closer
from magicanimate_core.pose.polling import MARGIN, Looks
from magicanimate_core.pose.snapping import case_of, figure_box

FRAMES = 4
NAMES = {  # by whether brightness tells parts apart
    True: (*["viridis"] * 4, "viridis_black", "parula", "parula_black", "inferno", "viridis_bgr", "parula_bgr"),
    False: ("viridis_grey", "viridis_grey", "parula_grey", "viridis_grey_bgr", "parula_grey_bgr"),
}
PRESETS = ("ultrafast", "veryfast", "medium", "medium", "slow")
EXAMPLES = 1500  # of a frame
HIDDEN = 32, 16
BATCH, RATE = 2048, 3e-3
OUTSIDE = 0.3  # how much a pixel of the background counts


def scene(rng: np.random.Generator, side: int) -> np.ndarray:
    """Part maps (FRAMES, side, side) of one or two dancers, with rough outlines mostly."""
    kind = rng.random()
    scale = rng.uniform(0.3, 0.8) if kind < 0.35 else rng.uniform(0.5, 0.95) if kind < 0.6 else 1
    parts = placed(rough(dancer(rng, side), rng), rng, scale)
    if 0.35 <= kind < 0.6:
        behind = placed(rough(dancer(rng, side), rng), rng, rng.uniform(0.5, 0.95))
        parts = np.where(parts > 0, parts, behind)
    return published(parts, rng) if rng.random() < 0.85 else parts


def dancer(rng: np.random.Generator, side: int) -> np.ndarray:
    """Part maps (FRAMES, side, side) of somebody."""
    drawn = clip(int(rng.integers(4000)), "train", frames=200, height=side, width=side)
    start, step = int(rng.integers(100)), int(rng.integers(1, 8))
    return np.stack([drawn.frame(start + i * step).parts for i in range(FRAMES)])


def rough(parts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Part maps whose seams are shifted to and fro by a few pixels, in each frame in its own way."""
    if rng.random() < 0.2:
        return parts
    side, by, cell = parts.shape[1], rng.uniform(0.5, 3), int(rng.choice([4, 8, 16]))
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    done = []
    for part in parts:
        coarse = rng.normal(0, by, (2, side // cell + 1, side // cell + 1)).astype(np.float32)
        dx, dy = (cv2.resize(values, (side, side), interpolation=cv2.INTER_CUBIC) for values in coarse)
        moved = cv2.remap(part, columns + dx, rows + dy, cv2.INTER_NEAREST)
        done.append(cv2.medianBlur(moved, 3) if rng.random() < 0.7 else moved)
    return np.stack(done)


def placed(parts: np.ndarray, rng: np.random.Generator, scale: float) -> np.ndarray:
    """Part maps made smaller, somewhere in the picture."""
    side = parts.shape[1]
    small = sized(parts, int(side * scale), cv2.INTER_NEAREST)
    y, x = rng.integers(0, side - small.shape[1] + 1, 2)
    whole = np.zeros_like(parts)
    whole[:, y : y + small.shape[1], x : x + small.shape[2]] = small
    return whole


def sized(frames: np.ndarray, side: int, how: int) -> np.ndarray:
    return np.stack([cv2.resize(frame, (side, side), interpolation=how) for frame in frames])


def published(parts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Part maps with seams that were blurred once, and cleaned."""
    frames, side = paint(parts), parts.shape[1]
    if rng.random() < 0.5:
        small = sized(frames, int(side * rng.uniform(0.5, 0.95)), cv2.INTER_AREA)
        frames = sized(small, side, int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
    if rng.random() < 0.8:
        frames = through(frames, ("libx264", {"crf": str(rng.integers(16, 28))}, None))
    return np.stack([cleaned(frame) for frame in frames])


def painted(parts: np.ndarray, name: str, rng: np.random.Generator) -> np.ndarray:
    """Part maps as people save them in a form, (FRAMES, side, side, 3) uint8."""
    form, figure = FORMS[name], (parts > 0)[..., None]
    if form.over_grey:
        grey = photo(parts, rng)[..., None]
        return np.where(figure, (1 - ALPHA) * grey + ALPHA * form.colours[parts], grey).astype(np.uint8)
    return np.where(figure | ("_black" not in name), form.colours[parts], 0).astype(np.uint8)


def photo(parts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Something grey (FRAMES, side, side) float32: patterns, large and small, and clothes that go with the parts."""
    side = parts.shape[1]
    clothes = rng.uniform(20, 235, 25).astype(np.float32)[parts] * rng.uniform(0, 1)
    grey = np.stack([cv2.blur(frame, (3, 3)) for frame in clothes])
    for cell in (4, 16, 64):
        coarse = rng.normal(0, rng.uniform(0, 40), (side // cell + 2, side // cell + 2)).astype(np.float32)
        grey += cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    return (grey + rng.uniform(40, 160) + rng.normal(0, rng.uniform(0, 6), parts.shape)).clip(0, 255).astype(np.float32)


def blurred(frames: np.ndarray, parts: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Frames after a codec or a resize, and the part maps that they show."""
    kind, side = rng.random(), frames.shape[1]
    if kind < 0.15:
        small = int(side * rng.uniform(0.4, 0.9))
        truth = sized(sized(parts, small, cv2.INTER_NEAREST), side, cv2.INTER_NEAREST)
        shrunk = sized(frames, small, cv2.INTER_NEAREST)
        return sized(shrunk, side, int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))), truth
    if kind < 0.65:
        how = {"crf": str(rng.integers(14, 32)), "preset": str(rng.choice(PRESETS))}
        return through(frames, ("libx264", how, None)), parts
    if kind < 0.8:
        return through(frames, ("mpeg4", {}, int(2 ** rng.uniform(19.5, 22)))), parts
    if kind < 0.87:
        return through(frames, ("libvpx-vp9", {"crf": str(rng.integers(20, 45)), "b": "0", "cpu-used": "7"}, None)), parts
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))]
    return np.stack([cv2.imdecode(cv2.imencode(".jpg", frame, quality)[1], 1) for frame in frames[..., ::-1]])[
        ..., ::-1
    ], parts


class Examples(NamedTuple):
    """What the net is told of n pixels and their rivals (n, R, F), which rival is right, (n,), and how much each counts."""

    told: np.ndarray
    right: np.ndarray
    counts: np.ndarray


def examples(number: int, bright: bool) -> list[Examples]:
    """Of two frames of a scene, each in two forms, by the groups in which they are judged."""
    rng, found = np.random.default_rng(number), []
    parts = scene(rng, int(rng.choice([256, 384, 512, 512, 512, 640])))
    for name in rng.choice(NAMES[bright], 2):
        for rgb, truth in list(zip(*blurred(painted(parts, name, rng), parts, rng), strict=True))[1::2]:
            seen = see(FORMS[name], rgb)
            box = figure_box(seen)
            if seen.exact or box is None:
                continue
            case = case_of(rgb, seen, box, form_looks(name))
            some = rng.permutation(len(case.at))[:EXAMPLES]
            case = case._replace(at=case.at[some], odd=case.odd[some])
            right = np.pad(truth[box], MARGIN).ravel()[case.at]
            found += [_of(case, right, group, form_looks(name)) for group in groups(case)]
    return found


def _of(case: Case, right: np.ndarray, group: np.ndarray, look: Looks) -> Examples:
    """The examples of a group of a case, whose right parts are these (N,), where those are among the rivals."""
    doubts = look_closer(case, group, look)
    hit = doubts.rivals == right[group]  # (R, n)
    use = np.flatnonzero(hit.any(0))
    told = doubts.told[..., use].T  # (n, R, F)
    noise = np.broadcast_to(case.noise, (*told.shape[:2], len(case.noise)))
    counts = np.where(right[group][use] > 0, 1, OUTSIDE)
    return Examples(np.concatenate([told, noise], -1).astype(np.float16), hit[:, use].argmax(0), counts)


def train(kinds: list[Examples], steps: int) -> dict[str, np.ndarray]:
    """Returns the weights of the net, as pose/judging.py reads them, after examples with two and with three rivals."""
    a, b = HIDDEN
    width, total = kinds[0].told.shape[-1], sum(len(kind.right) for kind in kinds)
    net = nn.Sequential(nn.Linear(width, a), nn.ReLU(), nn.Linear(a, b), nn.ReLU(), nn.Linear(b, 1, bias=False))
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.05)
    for step in range(steps):
        loss = torch.zeros(())
        for told, right, counts in kinds:
            some = torch.randint(len(right), (BATCH * len(right) // total,))
            scores = net(told[some].float())[..., 0]
            loss += (nn.functional.cross_entropy(scores, right[some], reduction="none") * counts[some]).sum() / BATCH
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step}: loss {loss.item():.4f}", flush=True)
    first, noise = net[0].weight.split([TOLD, width - TOLD], 1)
    weights = {"first": first, "noise": noise, "first.bias": net[0].bias, "last": net[4].weight}
    weights |= {"second": net[2].weight, "second.bias": net[2].bias}
    return {name: np.ascontiguousarray(value.detach().numpy().astype(np.float32)) for name, value in weights.items()}


def joined(found: list[Examples]) -> list[Examples]:
    """Examples of all groups, as tensors: those with two rivals, and those with three."""
    kinds = [[one for one in found if one.told.shape[1] == rivals] for rivals in (2, 3)]
    kinds = [[torch.from_numpy(np.concatenate(values)) for values in zip(*kind, strict=True)] for kind in kinds]
    return [Examples(told, right.long(), counts.float()) for told, right, counts in kinds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=27)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--over-grey", action="store_true", help="the net for forms over a grey photo")
    parser.add_argument("--out", type=Path, help="default: beside pose/judging.py")
    options = parser.parse_args()
    torch.manual_seed(0)
    bright = not options.over_grey
    cv2.setNumThreads(1)
    with Pool(2) as pool:
        found = pool.imap(partial(examples, bright=bright), range(options.scenes))
        kinds = joined([example for some in found for example in some])
    print(" + ".join(str(len(kind.right)) for kind in kinds), "examples", flush=True)
    save_file(train(kinds, options.steps), options.out or WEIGHTS[bright])


if __name__ == "__main__":
    main()
