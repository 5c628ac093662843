"""Sets of videos to compare, drawn small, and the official code's numbers where they lie beside the checkout."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from pack.magicanimate_core.evaluation.videos import ComparedClip
from PIL import Image

from ..shared import GOLDEN

PLACE = GOLDEN / "evaluation"


@dataclass(frozen=True)
class ArrayClip(ComparedClip):
    """Frames that are in memory already."""

    images: np.ndarray  # (F, H, W, 3) uint8

    @property
    def numbers(self) -> Sequence[int]:
        return range(1, len(self.images) + 1)

    def frames(self, count: int | None = None) -> Iterator[np.ndarray]:
        yield from self.images[:count]


def frames(count: int = 3, height: int = 16, width: int = 16, seed: int = 0) -> np.ndarray:
    """Noise, (F, H, W, 3) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


def save(folder: Path, video: np.ndarray, pattern: str = "{:04d}.png", first: int = 1) -> Path:
    """Writes frames (F, H, W, 3) or (F, H, W) as pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(video, first):
        Image.fromarray(frame).save(folder / pattern.format(number))
    return folder


def flat(folder: Path, first: int = 1, **videos: np.ndarray) -> Path:
    """Writes videos as flat frames."""
    for name, video in videos.items():
        save(folder, video, f"{name}_{{:04d}}.png", first)
    return folder


@cache
def golden() -> dict:
    """The official numbers, and with them `inputs`, the module that draws what they are of."""
    if not PLACE.is_dir():
        pytest.skip("no reference numbers beside this checkout (../shared/golden/evaluation)")
    spec = spec_from_file_location("make_inputs", PLACE / "make_inputs.py")
    inputs = module_from_spec(spec)
    spec.loader.exec_module(inputs)
    plan = json.loads((PLACE / "inputs.json").read_text())
    return json.loads((PLACE / "values.json").read_text()) | {"inputs": inputs, "plan": plan}


def golden_set(name: str) -> tuple[list, dict]:
    """(video's name, true, generated, mask) of every video, and the official numbers of the set."""
    found = golden()
    return list(found["inputs"].videos(found["plan"]["sets"][name])), found["sets"][name]
