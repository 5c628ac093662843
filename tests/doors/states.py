"""What lies beside the video of an interrupted job, what has changed since, and what --resume does with it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from pack.magicanimate_core.command.state import JobState
from safetensors import safe_open
from safetensors.torch import save_file

from .table import Case, Refused

SHAPE = (8, 4, 8, 8)  # of the job's latents


@dataclass
class Interrupted:
    """A job of two steps in a folder of its own, stopped after the first; its models are a folder and a file."""

    folder: Path
    options: dict[str, Any] = field(default_factory=dict)  # other settings, for the second time

    @property
    def out(self) -> Path:
        return self.folder / "out.mp4"

    @property
    def state(self) -> Path:
        return JobState(self.out, job="").path

    @property
    def model_files(self) -> list[Path]:
        return [self.folder / "sd15", self.folder / "motion.ckpt"]


def furnish(folder: Path, photo: bytes, clip: bytes) -> None:
    """The files of an interrupted job."""
    files = {
        "me.png": photo, "dance.mp4": clip, "motion.ckpt": b"m" * 5000,
        "sd15/model_index.json": b"{}", "sd15/unet/config.json": b"{}", "sd15/unet/weights.safetensors": b"u" * 5000,
        "sd15/unet/weights.bin": b"b" * 5000, "sd15/vae/weights.bin": b"v" * 5000, "sd15/v1-5.ckpt": b"c" * 5000,
    }  # fmt: skip
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


# --- what happens to it ----------------------------------------------------------------------------------------------


def nothing(job: Interrupted) -> None:
    pass


def state(data: bytes | Callable[[bytes], bytes]):
    """The state's bytes are others."""
    return lambda job: job.state.write_bytes(data(job.state.read_bytes()) if callable(data) else data)


def tensors(notes: dict[str, str] | None, shape: tuple[int, ...] = SHAPE, name: str = "latents", level: float = 0.0):
    """In the state's place lies another file of tensors, with these notes; a job that is ... is the job's own."""

    def change(job: Interrupted) -> None:
        with safe_open(job.state, "pt") as file:
            own = file.metadata()
        metadata = notes and {key: own[key] if value == "..." else value for key, value in notes.items()}
        save_file({name: torch.full(shape, level)}, job.state, metadata=metadata)

    return change


def options(**changes):
    """The same command, but for some settings."""
    return lambda job: job.options.update(changes)


def another(name: str, size: int = 0):
    """A file is another one, of the same size and time unless `size` says so."""

    def change(job: Interrupted) -> None:
        path = job.folder / name
        before, data = path.stat(), bytearray(path.read_bytes())
        data[-9] ^= 0xFF
        path.write_bytes(bytes(data) + bytes(size))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    return change


def video(data: bytes | Callable[[bytes], bytes], keep_state: bool = False):
    """A file lies in the video's place: these bytes, or what is made of those of a sound video."""

    def change(job: Interrupted) -> None:
        job.out.write_bytes(data((job.folder / "dance.mp4").read_bytes()) if callable(data) else data)
        if not keep_state:
            job.state.unlink()

    return change


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


# --- what comes of it ------------------------------------------------------------------------------------------------


def goes_on(told: tuple) -> None:
    assert told == (1, "")


def anew(words: str = ""):
    """The job begins at its first step and says why."""

    def check(told: tuple) -> None:
        assert told[0] == 0 and (words in told[1] if words else not told[1]) and told[1].count("\n") <= 1

    return check


def is_finished(told: tuple) -> None:
    assert told == (None, "")


DAMAGED = "out.mp4.state.safetensors cannot be used (it is damaged, or no job has written it): the job starts anew"
OTHER = Refused("out.mp4.state.safetensors was left by a job with other inputs or settings")
OWN = {"job": "...", "step": "1"}

STATES = [
    Case("as it was", nothing, goes_on),
    Case("no state", lambda job: job.state.unlink(), anew()),
    Case("a state of no bytes", state(b""), anew(DAMAGED)),
    Case("half of a state", state(half), anew(DAMAGED)),
    Case("a state without its last byte", state(lambda data: data[:-1]), anew(DAMAGED)),
    Case("zeros in a state's place", state(lambda data: bytes(len(data))), anew(DAMAGED)),
    Case("a text in a state's place", state(b"hello"), anew(DAMAGED)),
    Case("a pickle in a state's place", state(b"PK\3\4" + bytes(500)), anew(DAMAGED)),
    Case("tensors without notes", tensors(None), anew(DAMAGED)),
    Case("tensors with notes of another program", tensors({"format": "pt"}), anew(DAMAGED)),
    Case("tensors of other names", tensors(OWN, name="samples"), anew(DAMAGED)),
    Case("a step that is no number", tensors(OWN | {"step": "one"}), anew(DAMAGED)),
    Case("a step behind the last", tensors(OWN | {"step": "3"}), anew(DAMAGED)),
    Case("latents of another length", tensors(OWN, (16, 4, 8, 8)), anew(DAMAGED)),
    Case("latents that are no numbers", tensors(OWN, level=float("nan")), anew(DAMAGED)),
    Case("the state of another job", tensors({"job": "0" * 64, "step": "1"}), OTHER),
    Case("the state of another job that has done nothing", tensors({"job": "0" * 64, "step": "0"}), anew()),
    Case("another seed", options(seed=1), OTHER),
    Case("another number of steps", options(steps=4), OTHER),
    Case("another photo", lambda job: (job.folder / "me.png").write_bytes((job.folder / "other.png").read_bytes()), OTHER),
    Case("another model file of the same size and time", another("motion.ckpt"), OTHER),
    Case("a longer model file", another("motion.ckpt", 10), OTHER),
    Case("another UNet in the model folder", another("sd15/unet/weights.safetensors"), OTHER),
    Case("another VAE in the model folder", another("sd15/vae/weights.bin"), OTHER),
    Case("another file in the folder, which is not read", another("sd15/v1-5.ckpt"), goes_on),
    Case("another copy of the UNet, which is not read", another("sd15/unet/weights.bin"), goes_on),
]  # fmt: skip
VIDEOS = [
    Case("a finished video", video(lambda data: data), is_finished),
    Case("a video of no bytes", video(b""), anew("out.mp4 cannot be read as a video")),
    Case("half of a video", video(half), anew("out.mp4 cannot be read as a video")),
    Case("a text in a video's place", video(b"hello"), anew("out.mp4 cannot be read as a video")),
    Case("an earlier video, which the job was to replace", video(lambda data: data, keep_state=True), goes_on),
]
