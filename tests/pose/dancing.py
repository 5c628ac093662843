"""Dances (magicanimate_core/testing/dances.py) at the size of these tests."""

from collections.abc import Sequence

import numpy as np
from pack.magicanimate_core.dancers.body.people import Person, person
from pack.magicanimate_core.testing.dances import ASIDE, HALF, SMALL, WHOLE, Dance, Shot, draw_dance, joint_distances

__all__ = ["ASIDE", "HALF", "SIZE", "SMALL", "WHOLE", "dance", "joint_error"]
SIZE = 128


def dance(number: int, who: int | Person, shot: Shot, frames: int = 8, step: int = 4, **how: bool) -> list[np.ndarray]:
    """Frames (SIZE, SIZE, 3) uint8 of a dance, every step-th of the clip. how: of the dance, back or sits."""
    who = who if isinstance(who, Person) else person(who, "train")
    return draw_dance(Dance(number, **how), who, shot, frames=frames, size=SIZE, step=step)


def joint_error(frames: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> float:
    """Mean distance of the joints that both show, pixels."""
    return joint_distances(truth, frames)[0]
