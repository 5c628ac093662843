"""Where an interrupted job goes on: latents and step, saved whole or not at all."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..disk import whole

INPUT_LIMIT = 2**28  # bytes; files below it are inputs, above it models, which are told apart by name and size


def fingerprint(options: dict[str, Any], files: Sequence[Path]) -> str:
    """Returns one line for everything that decides a result: options, and the content or identity of the files.

    A saved state is accepted by the job with the same line only, so options keep their names.
    """
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    for path in files:
        if path.is_file():
            size = path.stat().st_size
            digest.update(f"{path.name}:{size}".encode())
            if size < INPUT_LIMIT:
                digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class JobState:
    """What is saved of a job beside its video."""

    out: Path  # the video
    job: str  # the job's fingerprint

    @property
    def path(self) -> Path:
        return self.out.with_name(self.out.name + ".state.safetensors")

    def save(self, latents: Tensor, step: int) -> None:
        """Keeps the latents (F, 4, h, w) after so many steps."""
        with whole(self.path) as part:
            save_file({"latents": latents.contiguous()}, part, metadata={"step": str(step), "job": self.job})

    def load(self) -> tuple[int, Tensor] | None:
        """Returns (steps done, latents (F, 4, h, w)), or None where nothing is saved.

        Raises ValueError for the state of another job.
        """
        if not self.path.is_file():
            return None
        with safe_open(self.path, "pt") as file:
            if file.metadata()["job"] != self.job:
                raise ValueError(
                    f"{self.path.name} was left by a job with other inputs or settings: repeat it with the same ones, or "
                    "delete the file to start anew."
                )
            return int(file.metadata()["step"]), file.get_tensor("latents")

    def remove(self) -> None:
        """Lets go what is saved, when the video is there."""
        self.path.unlink(missing_ok=True)
