"""The paper's objective, with help for nets that are trained from nothing and must first learn what a person is.

Not in the paper, whose nets begin as Stable Diffusion. At person 1, the other weights 0 and no rollouts it is the paper's.
"""

from torch import Tensor

from ..animation import Animation
from ..batch import Batch
from ..config import Config, LossSettings
from ..objective import Objective
from .guide import Guide
from .person import person_weight
from .rollout import rollout_error


class HelpedObjective(Objective):
    """Counts errors on the person and of the change between frames, sees rollouts, and gives attention tasks of its own."""

    def __init__(self, nets: Animation, settings: LossSettings) -> None:
        super().__init__(nets, settings.weighting)
        self.settings = settings
        attentions = nets.temporal.reading if settings.guided else {}
        self.guide = Guide(attentions, nets.encoder, match=settings.match, appearance=settings.appearance)

    def forward(self, batch: Batch) -> Tensor:
        """Returns the loss, a scalar."""
        weight = person_weight(batch.parts, batch.reference_parts, self.settings.person)  # (N, F, 1, h, w)
        with self.guide.watching() as seen:
            error = self.error(batch)  # (N, F, 4, h, w)
        loss = self.mean(error**2 * weight, batch)
        if self.settings.change and self.nets.temporal.motion is not None and error.shape[1] > 1:
            loss = loss + self.settings.change * self.mean(error.diff(dim=1) ** 2, batch)
        return loss + self.guide(seen, batch, weight)

    def error(self, batch: Batch) -> Tensor:
        """Returns the error that is squared, (N, F, 4, h, w): of the noise, in a rollout of the clean latents."""
        return rollout_error(self.nets, batch) if batch.rollout else super().error(batch)


def build_objective(nets: Animation, settings: LossSettings, rollouts: bool) -> Objective:
    """Returns the paper's objective, or, where the config asks for any help, the helped one."""
    helped = rollouts or settings.helped
    return HelpedObjective(nets, settings) if helped else Objective(nets, settings.weighting)


def helped_as_asked(nets: Animation, config: Config) -> Objective:
    """Returns the objective that a config asks for."""
    return build_objective(nets, config.loss, rollouts=config.drawing.rollout > 0)
