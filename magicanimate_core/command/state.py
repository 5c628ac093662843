"""Where an interrupted job goes on: latents and step, saved whole or not at all."""

import hashlib
import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..disk import whole


def fingerprint(settings: dict, files: list[Path]) -> str:
    """One line for everything that decides a result: settings, and the content or identity of the files."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in files:
        if path.is_file():
            digest.update(f"{path.name}:{path.stat().st_size}".encode())
            if path.stat().st_size < 2**28:  # inputs; model files are told apart by name and size
                digest.update(path.read_bytes())
    return digest.hexdigest()


def state_path(out: Path) -> Path:
    return out.with_name(out.name + ".state.safetensors")


def save_state(out: Path, latents: Tensor, step: int, job: str) -> None:
    with whole(state_path(out)) as part:
        save_file({"latents": latents.contiguous()}, part, metadata={"step": str(step), "job": job})


def load_state(out: Path, job: str) -> tuple[int, Tensor] | None:
    """(steps done, latents) of an interrupted job; None where there is none. Raises ValueError if it is another job's."""
    path = state_path(out)
    if not path.is_file():
        return None
    with safe_open(path, "pt") as file:
        if file.metadata()["job"] != job:
            raise ValueError(
                f"{path.name} was left by a job with other inputs or settings: repeat it with the same ones, or delete "
                "the file to start anew."
            )
        return int(file.metadata()["step"]), file.get_tensor("latents")


def remove_state(out: Path) -> None:
    state_path(out).unlink(missing_ok=True)
