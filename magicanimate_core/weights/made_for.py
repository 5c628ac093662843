"""What weights were made for, if it is something special: the few steps of a distilled model, said in its files."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError

from ..method.noise import TIMESTEPS, check_steps
from .files import metadata_of

MADE_FOR = "magicanimate.made_for"  # in the header of a safetensors file


class MadeFor(NamedTuple):
    """How weights are to be sampled."""

    steps: int
    scheduler: str  # a spacing of method/noise.py
    cfg: float

    def __str__(self) -> str:
        return f"{self.steps} steps, scheduler {self.scheduler}, cfg {self.cfg:g}"

    def header(self) -> dict[str, str]:
        """Returns what the header of their file says."""
        return {MADE_FOR: json.dumps(self._asdict())}


def read_made_for(paths: Iterable[Path]) -> MadeFor | None:
    """Returns what the first of these files that says so was made for; None where none does, as published weights."""
    for path in paths:
        with suppress(
            ValueError, TypeError, OSError, SafetensorError
        ):  # of another program; what is wrong with a file others say better
            said = MadeFor(**json.loads(metadata_of(path).get(MADE_FOR, "")))
            if said.scheduler in TIMESTEPS and said.cfg >= 0:
                check_steps(said.scheduler, said.steps)
                return said
    return None


def hardly_meant(made_for: MadeFor, asked: str) -> str:
    """Returns the sentence for weights that are asked for something else."""
    return (
        f"These weights were distilled for {made_for}, but are asked for {asked}: the pictures will be worse than they can "
        "be. Set what they were made for, or take weights that are not distilled."
    )
