"""What a student starts from, and how it is used."""

from pathlib import Path

from ...weights.made_for import MadeFor
from ...weights.published import PUBLISHED
from ..building import starting_files
from ..config import Config


def check_distil(config: Config, previous: Path | None) -> None:
    """Raises ValueError where there is no finished teacher, or where losses are asked for that only true latents have."""
    missing = [name for name in PUBLISHED if name not in starting_files(config.model, previous)]
    if missing:
        raise ValueError(
            f"Stage distil teaches what finished nets can do, but there is no {missing[0]}: give the published weights as "
            "model.magicanimate, run stages 1 and 2 first, or give an export with --start."
        )
    if config.loss.guided:
        raise ValueError(
            "loss.match and loss.appearance are for nets that have yet to learn where to look; expected 0 in stage distil."
        )


def as_student(config: Config) -> MadeFor:
    """Returns how a student is sampled: with its own steps, without guidance."""
    return MadeFor(steps=config.distil.steps, scheduler="trailing", cfg=1.0)
