"""What the user sees while frames are denoised: a bar that moves with every window, a line of text, a moving preview."""

from typing import Any

from comfy.model_patcher import ModelPatcher
from comfy.utils import ProgressBar
from torch import Tensor

from .moving_preview import MovingPreview
from .page import show_text

WATCH = "magicanimate.watch"  # in transformer options


class Watch:
    """Shows one sampling run of a clip of `frames`, padding not counted. Window handlers and the sampler report to it."""

    def __init__(self, model: ModelPatcher, steps: int, frames: int) -> None:
        self.steps, self.step = steps, 0
        self.calls = 0  # of the UNet in the run's first evaluation: a step of the bar takes as many
        self.shown = 0
        self.bar: ProgressBar | None = None
        self.preview = MovingPreview(model, frames)

    def window(self, done: int, calls: int) -> None:
        """Takes note that of an evaluation's calls so many are done."""
        if self.bar is None:
            self.calls, self.bar = calls, ProgressBar(self.steps * calls)
        tell_window(done, calls, f"step {min(self.step + 1, self.steps)} of {self.steps}")
        self._show(self.step * self.calls + done * self.calls // calls)

    def after_step(self, step: int, x0: Tensor, x: Tensor, steps: int) -> None:
        """Takes note of a step; x0: the frames as they are expected to be in the end, (F, 4, h, w). The host's callback."""
        self.step, self.steps = step + 1, steps
        self.calls = self.calls or 1
        self.bar = self.bar or ProgressBar(steps)
        self._show(self.step * self.calls, self.preview.show(x0))

    def _show(self, value: int, image: tuple | None = None) -> None:
        """Moves the bar, never back: some samplers evaluate a step more than once."""
        self.shown = max(self.shown, value)
        self.bar.update_absolute(self.shown, self.steps * self.calls, image)


def report_window(transformer_options: dict[str, Any], done: int, calls: int) -> None:
    """Tells whoever watches the run, else the page, that of an evaluation's calls so many are done."""
    watch = transformer_options.get(WATCH)
    if watch is not None:
        watch.window(done, calls)
    elif calls > 1:
        tell_window(done, calls)


def tell_window(done: int, calls: int, step: str = "") -> None:
    """Writes on the node where a run is."""
    windows = f"window {done} of {calls}" if calls > 1 else ""
    show_text(", ".join(filter(None, (step, windows))))
