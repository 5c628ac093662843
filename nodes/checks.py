"""What is wrong is said before the host computes anything for a node: options first, then the pictures, then the models.

The host lets a node look at its inputs before they are computed ("lazy" ones). Its own `validate_inputs` is no place for
rules: it repeats a sentence for every input that the rule reads, and leaves out the limits of those inputs.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.declaring import Options
from ..magicanimate_core.host.options import HostWindows
from ..magicanimate_core.presets import AS_PUBLISHED, with_preset
from .queued import queued_value
from .schema import given, window_problem

PICTURES = ("reference_image", "pose_video")


def late(sockets: Iterable[io.Input]) -> list[io.Input]:
    """Makes inputs that are computed only when `check_lazy_status` of their node asks for them."""
    sockets = list(sockets)
    for socket in sockets:
        socket.lazy = True
    return sockets


class Checked(io.ComfyNode):
    """A node whose `late` inputs wait until the others were found to be right."""

    @classmethod
    def check_options(cls, **inputs: Any) -> None:
        """Raises ValueError for options that cannot be used, alone or together. inputs: as in `check_lazy_status`."""

    @classmethod
    def check_pictures(cls, **inputs: Any) -> None:
        """Raises ValueError for pictures that cannot be used. inputs: models may be None, options and pictures are there."""

    @classmethod
    def check_lazy_status(cls, **inputs: Any) -> list[str]:
        """Returns which inputs to compute next, in the host's words. inputs: None for what is not computed yet.

        Raises ValueError, in one sentence.
        """
        missing = [name for name, value in inputs.items() if value is None]
        cls.check_options(**inputs)
        pictures = [name for name in missing if name in PICTURES]
        if missing and not pictures:  # once: when the models are there, the node itself looks
            cls.check_pictures(**inputs)
        return pictures or missing


class CheckedWindows(Checked):
    """A node with windows: an overlap that does not fit its window is marked when it is queued."""

    OPTIONS: type[Options] = HostWindows  # what its options are checked as

    @classmethod
    def validate_inputs(cls, context_overlap: int | None = None) -> bool | str:
        return window_problem(queued_value(cls, "context_length"), context_overlap) or True

    @classmethod
    def check_options(cls, **inputs: Any) -> None:
        """Raises ValueError for options that cannot be used, alone or together."""
        with_preset(cls.OPTIONS(**given(cls.OPTIONS, inputs)), inputs.get("preset") or AS_PUBLISHED)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Lets an error of ours leave a node as a ValueError: the host shows the path of a class that is not Python's own."""
    try:
        yield
    except ValueError as error:
        if type(error) is ValueError:
            raise
        raise ValueError(str(error)) from error
