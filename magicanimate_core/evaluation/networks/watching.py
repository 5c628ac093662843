"""How networks are run to measure: without gradients, and in full fp32."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def watching() -> Iterator[None]:
    """No gradients, and no TF32 in convolutions: it would move features in their third or fourth place."""
    cudnn = torch.backends.cudnn
    kept = {"enabled": cudnn.enabled, "benchmark": cudnn.benchmark, "deterministic": cudnn.deterministic}
    with torch.inference_mode(), cudnn.flags(**kept, allow_tf32=False):
        yield
