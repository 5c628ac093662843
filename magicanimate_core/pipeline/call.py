"""What the parts of a net must know about a call while it runs, and only then: nothing stays on a module, threads never mix.

diffusers calls its attention processors and norms itself and hands nothing of ours through, hence the context variables.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..method.hybrid_attention import KeysValues

Reference = dict[str, KeysValues]  # attention's name -> keys and values of reference images, each (N, L, D)
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of a TemporalUNet."""

    frames: int  # K of a window, whose statistics and temporal attention go over all of them
    temporal: bool = True  # with temporal attention
    references: Sequence[Reference | None]  # one per conditioning, of one image each


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A call of an AppearanceEncoder."""

    features: dict[str, Tensor]  # attention's name -> its normalised input (N, L, D); filled while the encoder runs
    stop: bool  # when the last of them is there


CALL: ContextVar[Call] = ContextVar("CALL")
READING: ContextVar[Reading | None] = ContextVar("READING", default=None)


@contextmanager
def during(variable: ContextVar[Value], value: Value) -> Iterator[None]:
    """Sets a variable for a block; however the block ends, the variable is then what it was before."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def checkpoint_in_call(module: nn.Module, *arguments: Any) -> Any:
    """Runs a part of a TemporalUNet that is computed again on the way back instead of being remembered.

    On the way back the call has long returned (and on a GPU autograd works in a thread of its own). So the checkpoint
    carries the call, as long as the graph lives, and the second computation runs during the same call as the first.
    """
    call = CALL.get()
    return checkpoint(module, *arguments, use_reentrant=False, context_fn=lambda: (nullcontext(), during(CALL, call)))
