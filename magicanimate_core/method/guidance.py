"""Classifier-free guidance that is not computed anew at every step: left out where it says little, or used again.

Guidance is the difference between the noise that a net sees with photo and prompt, and without. Only a step that computes
it needs the half without.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from torch import Tensor

from .noise import TRAIN_TIMESTEPS

UNGUIDED = 1.0  # cfg at which the half without photo and prompt has no say


class Guided(Enum):
    """What a step does about guidance."""

    ANEW = "anew"  # both halves are computed
    AGAIN = "again"  # that of an earlier step
    NOT = "not"  # the conditional half, as it is


def guidance_of_steps(timesteps: Sequence[float], start: float, end: float, every: int) -> list[Guided]:
    """Returns what each step of a run does. timesteps: of the steps, noisiest first.

    start, end: the part of the denoising that is guided (Kynkaanniemi et al., 2024), from 0, pure noise, to 1. every: how
    many guided steps share what the first of them computes.

    >>> [step.value for step in guidance_of_steps([961, 721, 481, 241, 1], 0.2, 0.8, 2)]
    ['not', 'anew', 'again', 'not', 'not']
    """
    done, steps = 0, []
    for t in timesteps:
        if not start <= 1 - t / (TRAIN_TIMESTEPS - 1) <= end:
            steps.append(Guided.NOT)
            continue
        steps.append(Guided.ANEW if done % every == 0 else Guided.AGAIN)
        done += 1
    return steps


@dataclass
class RunGuidance:
    """The guidance of one run: what a step computed last, for the steps that use it again."""

    keeps: bool = False  # whether any step uses it again: it is as large as the clip's latents
    direction: Tensor | None = None  # in units of noise, (F, 4, h, w)

    def other_half(self, how: Guided, conditional: Tensor, unconditional: Tensor | None, unit: float) -> Tensor:
        """Returns the half of a step without photo and prompt, or what stands for it. All are (F, 4, h, w).

        unconditional: None where it was not computed. unit: by how much a prediction changes where its noise changes by 1.
        """
        if how is Guided.ANEW:
            self.direction = (conditional - unconditional) / unit if self.keeps else None
            return unconditional
        if how is Guided.AGAIN and self.direction is not None:
            return conditional - self.direction * unit
        return conditional  # which any scale leaves as it is
