"""The processes of a run: one, or as many as torchrun or accelerate has started, which then work as one group."""

import os
from datetime import timedelta

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env

LONGEST_WAIT = timedelta(days=1)  # the others wait while the first process fills a cache or draws validation clips


def processes() -> PartialState:
    """Returns this process's place among those of the run; the first call joins them, without an accelerator over gloo.

    Raises ValueError where a machine runs more processes than it has accelerators.
    """
    accelerator = getattr(torch, "accelerator", None)  # PyTorch 2.6
    count = accelerator.device_count() if accelerator else torch.cuda.device_count()
    cpu = count == 0 or parse_flag_from_env("ACCELERATE_USE_CPU")
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if not cpu and beside > count:
        raise ValueError(
            f"{beside} processes were started on a machine with {count} accelerators: start as many as there are, "
            "or set ACCELERATE_USE_CPU=1."
        )
    # left to itself, accelerate makes lone trainers of several processes without an accelerator
    return PartialState(cpu=cpu, timeout=LONGEST_WAIT)
