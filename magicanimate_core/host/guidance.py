"""Guidance in the host's sampling that is left out at some steps, or used again: only one half is computed there."""

from collections.abc import Callable
from typing import Any

import comfy.samplers
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ..method.guidance import UNGUIDED, Guided, RunGuidance, guidance_of_steps
from ..options import Sampling
from .sliding import step_at

CalcConds = Callable[[dict[str, Any]], list[Tensor]]  # the host's sampler_calc_cond_batch_function


def apply_guidance(model: ModelPatcher, settings: Sampling, sigmas: Tensor) -> ModelPatcher:
    """Returns a MODEL for one run over sigmas (steps + 1,), guided as the settings say; itself where they say nothing."""
    timesteps = model.get_model_object("model_sampling").timestep(sigmas[:-1]).tolist()
    span = settings.guidance_start, settings.guidance_end, settings.guidance_every
    steps = guidance_of_steps(timesteps, *span)
    if settings.cfg == UNGUIDED or all(how is Guided.ANEW for how in steps):
        return model
    model = model.clone()
    others = model.model_options.get("sampler_calc_cond_batch_function", _calc_conds)
    model.set_model_sampler_calc_cond_batch_function(GuidedSteps(steps, others))
    return model


class GuidedSteps:
    """Takes the place of the host's evaluation of both halves, for one run."""

    def __init__(self, steps: list[Guided], calc: CalcConds) -> None:
        """steps: what each does about guidance. calc: evaluates conditionings, as the host or another node has it."""
        self.steps, self.calc = steps, calc
        self.guidance = RunGuidance(keeps=Guided.AGAIN in steps)

    def __call__(self, arguments: dict[str, Any]) -> list[Tensor]:
        """Returns the predicted pictures (F, 4, h, w) with photo and prompt, and without. arguments: the host's."""
        conds, sigma = arguments["conds"], arguments["sigma"]
        if conds[1] is None:
            return self.calc(arguments)
        how = self.steps[step_at(sigma, arguments["model_options"])]
        shown = conds if how is Guided.ANEW else [conds[0], None, *conds[2:]]
        with_photo, without, *others = self.calc({**arguments, "conds": shown})
        unit = -float(sigma.flatten()[0])  # a picture is what is left of z less sigma times its noise
        return [with_photo, self.guidance.other_half(how, with_photo, without, unit), *others]


def _calc_conds(arguments: dict[str, Any]) -> list[Tensor]:
    """As the host does without such a function."""
    given = (arguments[name] for name in ("model", "conds", "input", "sigma", "model_options"))
    return comfy.samplers.calc_cond_batch(*given)
