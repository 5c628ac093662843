"""Several processes on one job: `torchrun --nproc-per-node N -m magicanimate_core animate ...`."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NoReturn

import torch
import torch.distributed as dist
from torch import Tensor

from ..pipeline.denoise import Workers

LIMIT = timedelta(hours=1)  # longer than the first process needs to decode and write a clip


def choose_device(name: str | None = None) -> torch.device:
    """Returns the device asked for, else this process's accelerator, else the CPU. Raises ValueError for none of ours."""
    if name:
        try:
            device = torch.empty(0, device=name).device  # with its number
        except (RuntimeError, AssertionError) as error:  # the latter where torch was built without that kind
            raise ValueError(f"device {name} cannot be used here; expected for example cpu or cuda:0.") from error
        if device.type == "meta":
            raise ValueError("device meta computes nothing; expected for example cpu or cuda:0.")
        return device
    accelerator = getattr(torch, "accelerator", None)
    if accelerator is None or not accelerator.is_available():
        return torch.device("cpu")
    kind = accelerator.current_accelerator().type
    return torch.device(kind, int(os.environ.get("LOCAL_RANK", 0)) % accelerator.device_count())


def choose_dtype(name: str | None, device: torch.device) -> torch.dtype:
    """Returns the precision asked for, else 16 bits on an accelerator and 32 on the CPU."""
    if name is None:
        name = "fp32" if device.type == "cpu" else "fp16"
    return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[name]


def dtype_advice(name: str | None, device: torch.device) -> str | None:
    """Returns what to say where another precision than the usual one is much faster; None where the choice was made."""
    can = getattr(torch.cpu, "get_capabilities", dict)()  # torch of old does not tell
    if name is not None or device.type != "cpu" or not can.get("amx_bf16"):
        return None
    return (
        "This CPU multiplies matrices of 16 bits: --dtype bf16 takes about half the time (at full size), "
        "each prediction off by about 1 %."
    )


def leave(reason: str) -> NoReturn:
    """Ends this process at once with exit code 1: to wait for a process that is gone would be to wait for ever."""
    print(f"error: {reason} Run the same command with --resume: finished steps are kept.", file=sys.stderr, flush=True)
    os._exit(1)


def _on_sigterm(*_: Any) -> NoReturn:
    leave("Another process of this job has ended, or the job was stopped.")


@contextmanager
def workers_on(device: torch.device) -> Iterator[Workers]:
    """Gives this process's Workers; joins the others where torchrun started several, and ends with them."""
    if device.type == "cpu":  # as many threads in each of several processes as in one
        torch.set_num_threads(os.cpu_count() or 1)
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield Workers()
        return
    on_cpu = device.type == "cpu"
    signal.signal(signal.SIGTERM, _on_sigterm)  # how torchrun ends the others when one has died
    if not on_cpu:
        torch.accelerator.set_device_index(device.index)
    dist.init_process_group("gloo" if on_cpu else None, timeout=LIMIT)

    def reduce(tensor: Tensor) -> None:
        shared = tensor if on_cpu else tensor.to(device)
        try:
            dist.all_reduce(shared)
        except RuntimeError as error:
            leave(f"Another process of this job has ended ({str(error).splitlines()[0]}).")
        if shared is not tensor:
            tensor.copy_(shared)

    try:
        yield Workers(rank=dist.get_rank(), count=dist.get_world_size(), reduce=reduce)
    finally:
        dist.destroy_process_group()
