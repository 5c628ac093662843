"""Processes that can be killed: forked from one that has imported torch and diffusers, most of what a small command does.

A process which must be started as a user starts it, is: with subprocess.
"""

import contextlib
import multiprocessing
import os
import runpy
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from pack.scripts.comfyui import PACK

BEGIN = Path(__file__).with_name("begin.py")
IMPORTED = (
    "transformers.models.clip.modeling_clip", "diffusers.models.unets.unet_2d_condition",
    "diffusers.models.controlnets.controlnet", "diffusers.models.autoencoders.autoencoder_kl", "accelerate",
    "torch.distributed.launcher.api", "torch._dynamo",
    "magicanimate_core.command.animate", "magicanimate_core.command.train",
)  # fmt: skip


@cache
def _forks() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    return context


class Running:
    """A process of the project's own, and all that it starts."""

    def __init__(self, count: int, program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        with tempfile.NamedTemporaryFile(delete=False) as said:
            self._said = Path(said.name)
        asked = {
            "command": (count, program, list(arguments)), "environment": dict(environment),
            "folder": str(PACK), "said": said.name,
        }  # fmt: skip
        begin = {"target": runpy.run_path, "args": (str(BEGIN), {"asked": asked}, "__main__")}
        self._process = _forks().Process(**begin)
        self._process.start()
        self.pid = self._process.pid

    @property
    def ended(self) -> bool:
        return not self._process.is_alive()

    def kill(self) -> None:
        """kill -9"""
        self._process.kill()
        self._process.join()

    def wait(self, limit_s: float = 120) -> int:
        """Returns its exit code, negative for a signal. Raises TimeoutError, with where it and its own processes stand."""
        self._process.join(limit_s)
        if self._process.is_alive():
            os.killpg(self.pid, signal.SIGUSR1)
            time.sleep(1)
            raise TimeoutError(f"After {limit_s} s it was still running. It said:\n{self.said}")
        return self._process.exitcode

    @property
    def said(self) -> str:
        return self._said.read_text(errors="replace")

    def clear(self) -> None:
        """Nothing of it stays."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.join()
        self._said.unlink(missing_ok=True)


@contextlib.contextmanager
def running(
    program: str, *arguments: str, count: int = 0, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Runs a module, or a file that ends in .py, until the block ends; with `count`, as torchrun runs so many of them."""
    process = Running(count, program, arguments, environment or {})
    try:
        yield process
    finally:
        process.clear()
