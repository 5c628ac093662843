"""What people bring to training: folders of runs that were cut, moved and mixed up, and sets with bad items."""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import torch
from pack.magicanimate_core.training.run.loop import train
from pack.magicanimate_core.training.run.settings import RunSettings
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


class Numbers(NamedTuple):
    """A batch of the smallest task."""

    x: Tensor  # (4, 3)
    steep: bool = False  # the loss has no gradient


class Squares(nn.Module):
    """Two layers, one of them frozen, which should give zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.learns, self.frozen = nn.Linear(3, 3), nn.Linear(3, 3).requires_grad_(False)

    def forward(self, batch: Numbers) -> Tensor:
        out = self.frozen(self.learns(batch.x))  # (4, 3)
        return (out - out).sqrt().mean() if batch.steep else (out**2).mean()


class SmallTask:
    """The smallest thing that the loop trains.

    bad: an item that every batch meets first; broken: there is no other. nan: where step 4 goes wrong.
    """

    def __init__(self, bad: str = "", broken: bool = False, nan: str = "") -> None:
        torch.manual_seed(0)
        self.module, self.skipped, self.bad, self.broken = Squares(), Counter(), bad, broken
        self.nan = nan

    def batch(self, step: int, part: int, rank: int) -> Numbers:
        if self.bad:
            self.skipped[self.bad] += 1
        if self.broken:
            raise ValueError(f"Nothing can be used; the last: {self.bad}")
        x = torch.randn(4, 3, generator=torch.Generator().manual_seed(step * 10 + part))
        return Numbers(x * float("nan") if self.nan == "loss" and step == 3 else x, self.nan == "gradients" and step == 3)

    def prepare(self, batch: Numbers) -> Numbers:
        return batch

    def validate(self, step: int, folder: Path) -> dict[str, float]:
        if self.nan == "validation" and step > 3:
            raise ValueError("The latents are no numbers.")
        return {}


class Outcome(NamedTuple):
    """What came of a run that went on."""

    steps: list[int]  # in its log
    weight: Tensor
    whole: Tensor  # of a run that nobody stopped
    said: str


def settings(**changes) -> RunSettings:
    return RunSettings(
        **{"steps": 3, "learning_rate": 1e-2, "warmup": 1, "save_every": 1, "keep": 3, "log_every": 1} | changes
    )


def run(folder: Path, task: SmallTask | None = None, **changes) -> Tensor:
    """Trains in a folder, three steps unless told otherwise; returns the weights."""
    task = task or SmallTask()
    train(task, settings(**changes), folder, settings={"seed": 1})
    return task.module.learns.weight.detach().clone()


def place(folder: Path, step: int = 3) -> Path:
    return folder / "checkpoints" / f"step-{step:07d}"


# --- folders of runs ---------------------------------------------------------------------------------------------------


def half_a_line(folder: Path) -> None:
    with (folder / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')


def zeros_in_the_log(folder: Path) -> None:
    with (folder / "log.jsonl").open("ab") as file:
        file.write(bytes(100) + b"\n")


def cut(name: str, step: int = 3):
    def spoil(folder: Path) -> None:
        file = place(folder, step) / name
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    return spoil


def gone(name: str):
    return lambda folder: (place(folder) / name).unlink()


def scrambled(folder: Path) -> None:
    file = place(folder) / "optimizer.bin"
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8] = b"\xff" * 8
    file.write_bytes(data)


def all_cut(folder: Path) -> None:
    for step in (1, 2, 3):
        cut("model.safetensors", step)(folder)


def no_numbers(folder: Path) -> None:
    file = place(folder) / "model.safetensors"
    save_file({name: tensor * float("nan") for name, tensor in load_file(file).items()}, file)


def foreign(folder: Path) -> None:
    (folder / "checkpoints").rename(folder / "mine")
    (folder / "checkpoints" / "checkpoint-500").mkdir(parents=True)


def foreign_of_our_name(folder: Path) -> None:
    (folder / "checkpoints").rename(folder / "mine")
    place(folder, 500).mkdir(parents=True)
    (place(folder, 500) / "pytorch_model.bin").write_bytes(b"x")


def a_file_in_the_way(folder: Path) -> None:
    (folder / "checkpoints").rename(folder / "mine")
    (folder / "checkpoints").write_text("x")


def only_an_export(folder: Path) -> None:
    (folder / "checkpoints").rename(folder / "export")


def recorded(**changes):
    """A run that was made otherwise: entries of run.json; None takes one away."""

    def change(folder: Path) -> None:
        for step in (1, 2, 3):
            file = place(folder, step) / "run.json"
            record = json.loads(file.read_text()) | changes
            file.write_text(json.dumps({name: value for name, value in record.items() if value is not None}))

    return change


def old(folder: Path) -> None:
    """As checkpoints were before they had a record."""
    for step in (1, 2, 3):
        (place(folder, step) / "run.json").unlink()


def eight_bits(folder: Path) -> None:
    """Optimiser states under the names that bitsandbytes has."""
    old(folder)
    file = place(folder) / "optimizer.bin"
    state = torch.load(file, weights_only=True)
    state["state"] = {number: {"state1": s["exp_avg"], "state2": s["exp_avg_sq"]} for number, s in state["state"].items()}
    torch.save(state, file)
