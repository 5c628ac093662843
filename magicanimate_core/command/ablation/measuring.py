"""Rows against the true frames: what `evaluate` computes, two measures of ours, and how each row differs from the whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...evaluation.averages import means
from ...evaluation.metrics import change_l1, person_l1
from ...evaluation.planning import Request, plan
from ...evaluation.results import Curves, Results
from ...evaluation.run import evaluate
from ...media.reading import open_video
from ..evaluate import write
from .cases import AblationCase
from .tables import WHOLE_METHOD

BOOTSTRAP_SEED = 0  # of the bootstrap


@dataclass(frozen=True)
class MeasuredRow:
    """A row's numbers. results: as `evaluate` writes them, ours among them."""

    results: Results
    curves: Curves


def measure_row(
    videos: Path, cases: Sequence[AblationCase], device: torch.device, networks: Path | None, size: int, out: Path
) -> MeasuredRow:
    """Measures a row's videos, NAME.mp4 each, and writes metrics.json, metrics.csv and report.html into `out`.

    size: pixels of the square that both sides are brought to; 0: none. Raises ValueError or OSError, and Unreadable.
    """
    true = cases[0].true.parent
    planned = plan(
        Request(generated=videos, true=true, networks=networks, size=size, generated_size=size, seed=BOOTSTRAP_SEED)
    )
    results, curves = evaluate(planned, device)
    for case in cases:
        curves[case.name] |= our_values(videos / f"{case.name}.mp4", case)
    write(out, results, planned.pairs, curves)
    averages = means(*_stacked(curves), BOOTSTRAP_SEED)
    intervals = {key: {"low": low, "high": high} for key, (low, high) in averages.intervals.items()}
    return MeasuredRow(results | {"overall": averages.overall, "intervals": intervals, "videos": averages.videos}, curves)


def our_values(video: Path, case: AblationCase) -> dict[str, np.ndarray]:
    """person_l1 and change_l1 of a case's frames, (F,) each; nan where one is not defined. Raises Unreadable."""
    person, change = np.full(case.frames, np.nan), np.full(case.frames, np.nan)
    last: tuple[np.ndarray, np.ndarray] | None = None
    for i, (made, true, region) in enumerate(_frames(video, case)):
        if region is not None and region.any():
            person[i] = person_l1(made[None], true[None], region[None])
        if last is not None:
            change[i] = change_l1(np.stack([last[0], made]), np.stack([last[1], true]))
        last = made, true
    return {"change_l1": change} | ({"person_l1": person} if case.person else {})


def _frames(video: Path, case: AblationCase) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """Frames that were made, (H, W, 3) uint8, true ones, and where the person is, (H, W) bool."""
    numbers = range(case.frames)
    made, true = (open_video(path).decode(numbers) for path in (video, case.true))
    masks = open_video(case.person).decode(numbers) if case.person else iter([None] * case.frames)
    for one, other, mask in zip(made, true, masks, strict=True):
        yield one, other, None if mask is None else mask[..., 0] > 127


def differences(rows: Mapping[str, MeasuredRow]) -> dict[str, dict[str, dict[str, Any]]]:
    """Returns how each row differs from ours, by row and metric: mean over frames, and an interval over paired videos."""
    ours, found = rows[WHOLE_METHOD].curves, {}
    for name, row in rows.items():
        apart = {video: {key: row.curves[video][key] - values for key, values in of.items()} for video, of in ours.items()}
        averages = means(*_stacked(apart), BOOTSTRAP_SEED)
        found[name] = {
            key: {"value": value, "low": averages.intervals.get(key, (None,) * 2)[0],
                  "high": averages.intervals.get(key, (None,) * 2)[1]}
            for key, value in averages.overall.items()
        }  # fmt: skip
    return found


def _stacked(curves: Curves) -> tuple[dict[str, np.ndarray], list[str]]:
    """Values of frames, (F, K) by video, and the K keys."""
    keys = list(next(iter(curves.values())))
    return {video: np.stack([of[key] for key in keys], axis=1) for video, of in curves.items()}, keys
