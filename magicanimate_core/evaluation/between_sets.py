"""Distances between two sets: every video of a side is watched by a network, one after the other."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from .averages import LEVEL
from .clips import CLIP_FRAMES
from .distances import DISTANCES, distance_features
from .frechet import SetFeatures, frechet, frechet_interval
from .planning import EvaluationPlan
from .videos import ComparedClip

Networks = Mapping[str, nn.Module]


def set_distances(plan: EvaluationPlan, networks: Networks, device: torch.device) -> dict[str, dict[str, Any]]:
    """Returns Frechet distances, each with its interval and the number of samples behind it.

    One with too few samples goes to what the plan lacks; videos that are too short go to its notes. Raises Unreadable.
    """
    measured = {}
    for name in [key for key in plan.others if key in DISTANCES]:
        made, true = (_seen(plan, name, side, networks, device) for side in ("generated", "true"))
        try:
            measured[name] = {"value": frechet(made, true), "generated": made.count, "true": true.count}
        except ValueError as error:
            plan.lacks([name], str(error))
            continue
        if interval := frechet_interval(made, true, level=LEVEL):
            measured[name] |= {"low": interval[0], "high": interval[1]}
    return measured


def _seen(plan: EvaluationPlan, name: str, side: str, networks: Networks, device: torch.device) -> SetFeatures:
    """What a distance's network saw in one side."""
    clips = plan.made if side == "generated" else plan.true
    seen = distance_features(name, networks[DISTANCES[name].network], plan.request.layout, device)
    samples = [seen.add(clip.name, frames) for clip, frames in _watched(plan, clips, f"{name}, {side}")]
    if 0 in samples:
        plan.notes[f"{name}_{side}"] = (
            f"{samples.count(0)} of {len(samples)} {side} videos are too short for a clip of {CLIP_FRAMES} frames"
        )
    return seen.features


def _watched(
    plan: EvaluationPlan, clips: Mapping[str, ComparedClip], what: str
) -> Iterator[tuple[ComparedClip, Iterator[tuple[int, np.ndarray]]]]:
    """Gives the videos of one side with their numbered frames, under a bar."""
    whole = {name: len(clip) for name, clip in clips.items()}
    counts = {pair.made.name: pair.count for pair in plan.pairs} if plan.request.common else whole
    with tqdm(total=sum(counts.values()), desc=what, unit="frame") as bar:
        for name, count in counts.items():
            clip = clips[name]
            yield clip, zip(clip.numbers[:count], clip.frames(count), strict=True)
            bar.update(count)
