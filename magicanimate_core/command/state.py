"""Where an interrupted job goes on: latents and step, saved whole or not at all."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..disk import whole
from .contents import Contents, loaded_files

INPUT_LIMIT = 2**28  # bytes; larger files are models, of which a run reads the digest once
LOG = logging.getLogger(__name__)


def fingerprint(options: dict[str, Any], files: Sequence[Path], contents: Mapping[Path, bytes] | None = None) -> str:
    """Returns one line for everything that decides a result: options, and what is in the files and folders.

    contents: digests of large files, by path. A saved state is accepted by the job with the same line only, so options keep
    their names.
    """
    contents = Contents() if contents is None else contents
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    for path in files:
        for file in loaded_files(path) if path.is_dir() else [path]:
            if file.is_file():
                size = file.stat().st_size
                name = file.relative_to(path).as_posix() if path.is_dir() else file.name
                digest.update(f"{name}:{size}".encode())
                digest.update(contents[file] if path.is_dir() or size >= INPUT_LIMIT else file.read_bytes())
    return digest.hexdigest()


def write_tensors(path: Path, tensors: dict[str, Tensor], notes: dict[str, str] | None = None) -> None:
    """Writes tensors, whole or not at all. Raises OSError, also for a full disk; what was there before is kept."""
    with whole(path) as part:
        try:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part, metadata=notes)
        except SafetensorError as error:
            raise OSError(f"{path} cannot be written ({error}): make room, then the same command with --resume.") from error


@dataclass(frozen=True)
class JobState:
    """What is saved of a job beside its video."""

    out: Path  # the video
    job: str  # the job's fingerprint

    @property
    def path(self) -> Path:
        return self.out.with_name(self.out.name + ".state.safetensors")

    def save(self, latents: Tensor, step: int) -> None:
        """Keeps the latents (F, 4, h, w) after so many steps. Raises OSError."""
        write_tensors(self.path, {"latents": latents}, {"step": str(step), "job": self.job})

    def load(self, steps: int, like: Tensor) -> tuple[int, Tensor] | None:
        """Returns (steps done, latents (F, 4, h, w)), or None where nothing is saved, or nothing that can be read.

        steps: of the whole job. like: its noise (F, 4, h, w). Raises ValueError for the state of another job.
        """
        if not self.path.is_file():
            return None
        try:
            job, step, latents = self._read()
        except (SafetensorError, OSError, KeyError, TypeError, ValueError):
            return self._unreadable()
        if step == 0:  # nothing was done yet
            return None
        if job != self.job:
            raise ValueError(
                f"{self.path.name} was left by a job with other inputs or settings, with other models, or by an earlier "
                "version: repeat it with the same ones, or delete the file to start anew."
            )
        if not (0 < step <= steps and latents.shape == like.shape and torch.isfinite(latents).all()):
            return self._unreadable()
        return step, latents

    def _read(self) -> tuple[str, int, Tensor]:
        """(fingerprint, steps done, latents (F, 4, h, w)), as they are in the file."""
        with safe_open(self.path, "pt") as file:
            notes = file.metadata()
            latents = file.get_tensor("latents").clone()  # not a view: a new state takes the file's place
            return notes["job"], int(notes["step"]), latents

    def _unreadable(self) -> None:
        LOG.warning("%s cannot be used (it is damaged, or no job has written it): the job starts anew.", self.path)

    def remove(self) -> None:
        """Lets go what is saved, when the video is there."""
        self.path.unlink(missing_ok=True)
