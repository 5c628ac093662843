"""From two sets of videos to the results: everything that was planned, measured in flat memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from .averages import DRAWS, LEVEL, means
from .between_sets import set_distances
from .comparison import Perceptual, compare
from .networks.opening import open_network
from .networks.table import NETWORKS
from .people import KINDS, from_frames, numbers
from .per_frame import METRICS
from .planning import EvaluationPlan
from .provenance import checksum, machine, version, versions
from .results import Curves, Results

OTHER_NOTES = {
    "fid": "of all frames; with fewer frames than its 2048 features it is biased upward: compare at the same N only",
    "fid_vid": "3-D ResNet-50, clips of 16 frames; biased upward with few clips: compare at the same N only",
    "akd": "as published: half of |x| + |y| of the joints found in both frames; it can fall by finding fewer",
    "mkr": "share of the true frame's joints that the generated one lacks",
    "aed": "as published: the sum of squared differences of identity vectors, without the root",
    "fvd": "I3D's 400 logits, as published; other I3D code gives other numbers; biased upward with few clips",
}


def evaluate(plan: EvaluationPlan, device: torch.device) -> tuple[Results, Curves]:
    """Measures what is planned: returns the results, and the values of every frame.

    Raises ValueError or OSError for networks that are none, before anything is measured, and Unreadable for frames.
    """
    networks = _opened(plan, device)
    values = _compared(plan, networks.get("vgg"))
    averages = means(values, plan.keys, plan.request.seed)
    results: Results = {
        "overall": averages.overall,
        "intervals": {key: {"low": low, "high": high} for key, (low, high) in averages.intervals.items()},
        "videos": {pair.made.name: averages.videos.get(pair.made.name, {}) | {"frames": pair.count} for pair in plan.pairs},
        "distances": set_distances(plan, networks, device),
        **_people(plan, networks),
        "left_out": averages.left_out,
        "missing": plan.missing,
        "notes": plan.notes | _notes(plan),
        "frames": _counts(plan),
        "provenance": provenance(plan, device),
    }
    curves = {name: dict(zip(plan.keys, of.T, strict=True)) for name, of in values.items()}
    return results, curves


def _opened(plan: EvaluationPlan, device: torch.device) -> dict[str, nn.Module]:
    """Opens all networks; one whose library is not installed goes to what is missing."""
    networks = {}
    for name, path in plan.networks.items():
        try:
            networks[name] = open_network(name, path, device)
        except ModuleNotFoundError as error:
            plan.lacks(NETWORKS[name].metrics, str(error))
    return networks


def _people(plan: EvaluationPlan, networks: Mapping[str, nn.Module]) -> dict[str, dict[str, Any]]:
    """Joints and identity, from tables or by the networks."""
    errors = plan.people | {
        kind: from_frames(kind, plan.pairs, networks[kind])
        for kind in KINDS
        if kind in networks and set(NETWORKS[kind].metrics) & set(plan.others)
    }
    return numbers(errors, plan.others)


def _compared(plan: EvaluationPlan, vgg: nn.Module | None) -> dict[str, np.ndarray]:
    """Values of frames (F, K) by video; nothing where no metric of frames is left."""
    if not plan.keys:
        return {}
    masks = plan.masks if any(METRICS[key].needs == "mask" for key in plan.keys) else None
    lpips = _perceptual(vgg) if vgg and any(METRICS[key].needs == "vgg" for key in plan.keys) else None
    return compare(plan.pairs, plan.keys, masks, lpips)


def _perceptual(net: nn.Module) -> Perceptual:
    from .networks.perceptual import perceptual_distances  # its library is there, since the network could be opened

    def distance(made: np.ndarray, true: np.ndarray) -> tuple[float, float]:
        published, correct = perceptual_distances(net, made[None], true[None])  # (1,) each
        return float(published[0]), float(correct[0])

    return distance


def _counts(plan: EvaluationPlan) -> dict[str, int]:
    sides = {"generated": plan.made, "true": plan.true}
    counts = {side: sum(map(len, clips.values())) for side, clips in sides.items()}
    return counts | {"compared": sum(pair.count for pair in plan.pairs)}


def _notes(plan: EvaluationPlan) -> dict[str, str]:
    """What to know of every number that is there."""
    notes = {key: METRICS[key].note for key in plan.keys}
    return notes | {key: OTHER_NOTES[key] for key in plan.others if key in OTHER_NOTES}


def provenance(plan: EvaluationPlan, device: torch.device) -> dict[str, Any]:
    """Returns where the numbers come from: options, files by their checksums, versions, machine."""
    request = plan.request
    return {
        "generated": request.generated.name,
        "true": request.true.name,
        "layout": request.layout,
        "options": {
            "metrics": list(request.metrics), "size": request.size, "generated_size": request.generated_size,
            "common": request.common, "masks": request.masks is not None,
        },
        "seed": request.seed,
        "intervals": f"{LEVEL:.0%}; means: {DRAWS} draws of whole videos; distances: videos left out in turn (jackknife)",
        "networks": {NETWORKS[name].file: _sum(path) for name, path in plan.networks.items()},
        "made_with": {"/".join(path.parts[-2:]): _sum(path) for path in request.made_with},
        "notes": list(request.note),
        "version": version(),
        "machine": machine(device),
        "versions": versions(),
    }  # fmt: skip


def _sum(path: Path) -> str:
    return f"sha256 {checksum(path)}"
