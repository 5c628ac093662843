"""Checkpoints that are whole or not there: written beside their place, then renamed."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ...disk import beside, discard, take_place, writing

if TYPE_CHECKING:
    from diffusers.training_utils import EMAModel

NAME = re.compile(r"^step-(\d+)$")
RUN_WEIGHTS, AVERAGES, RUN_RECORD = "model.safetensors", "ema.pt", "run.json"
OPTIMIZER, SCALER = "optimizer.bin", "scaler.pt"  # as accelerate calls them


def trained_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """Returns what learns, by its name in checkpoints, in the order of the optimiser's states.

    Names and order must not change, or runs in progress could not go on. An objective's nets have their own names.
    """
    return {name.removeprefix("nets."): p for name, p in module.named_parameters() if p.requires_grad}


def checkpoints(folder: Path) -> list[tuple[int, Path]]:
    """Returns (steps done, folder) of every checkpoint that has its name, oldest first."""
    places = (folder / "checkpoints").glob("step-*")
    return sorted((int(m[1]), path) for path in places if (m := NAME.match(path.name)))


def save_checkpoint(
    accelerator: Accelerator,
    folder: Path,
    done: int,
    trained: Mapping[str, Tensor],
    ema: "EMAModel | None",
    *,
    keep: int,
    record: Mapping[str, object] | None = None,
) -> Path:
    """Writes what is trained, optimiser, EMA and random states to `folder`/checkpoints/step-N; the newest `keep` stay.

    record: how the run is made, for those who go on with it. Raises OSError where it cannot be written: nothing is lost.
    """
    place = folder / "checkpoints" / f"step-{done:07d}"
    fresh = beside(place)
    if accelerator.is_main_process:
        for left in place.parent.glob(".*.part"):
            discard(left)
    accelerator.wait_for_everyone()
    with writing(place), _without_weights(accelerator):
        accelerator.save_state(str(fresh))
        accelerator.wait_for_everyone()  # every process writes its random state
        if accelerator.is_main_process:
            _write_trained(fresh, trained, ema, record or {})
    if accelerator.is_main_process:
        take_place(fresh, place)
        # newer ones are damaged: the run went on from one before them
        for _, old in [(step, path) for step, path in checkpoints(folder) if step <= done][:-keep]:
            discard(old)
    accelerator.wait_for_everyone()
    return place


def _write_trained(
    fresh: Path, trained: Mapping[str, Tensor], ema: "EMAModel | None", record: Mapping[str, object]
) -> None:  # fmt: skip
    """Writes what is trained, its averages, and last the record, which tells how large every file is."""
    save_file({name: p.detach().contiguous() for name, p in trained.items()}, fresh / RUN_WEIGHTS, {"format": "pt"})
    if ema is not None:
        torch.save(ema.state_dict(), fresh / AVERAGES)
    sizes = {path.name: path.stat().st_size for path in sorted(fresh.iterdir())}
    (fresh / RUN_RECORD).write_text(json.dumps({**record, "files": sizes}, indent=1) + "\n")


def load_checkpoint(
    accelerator: Accelerator, place: Path | None, trained: Mapping[str, Tensor], ema: "EMAModel | None"
) -> int:
    """Brings everything back; returns the steps done, 0 without a checkpoint. Averages that it lacks begin with its weights.

    Raises ValueError where the checkpoint does not have exactly what is trained.
    """
    if place is None:
        return 0
    # runs of several processes have had a name before every other one
    saved = {name.removeprefix("module."): tensor for name, tensor in load_file(place / RUN_WEIGHTS).items()}
    _check_same(place, saved, trained)
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(saved[name])
    with _without_weights(accelerator), _without_scaler(accelerator, there=(place / SCALER).is_file()):
        accelerator.load_state(str(place))
    if ema is not None:
        _load_averages(ema, place / AVERAGES, trained)
        ema.to(accelerator.device)
    return int(NAME.match(place.name)[1])


def _load_averages(ema: "EMAModel", path: Path, trained: Mapping[str, Tensor]) -> None:
    """Brings averages back, with the decay that is asked for now; without a file they begin with the weights."""
    if not path.is_file():
        ema.shadow_params = [parameter.detach().clone() for parameter in trained.values()]
        return
    decay = ema.decay
    ema.load_state_dict(torch.load(path, "cpu", weights_only=True))
    ema.decay = decay


def _check_same(place: Path, saved: Mapping[str, Tensor], trained: Mapping[str, Tensor]) -> None:
    """Raises ValueError, with an example, where names or shapes differ."""
    shapes, expected = ({name: tuple(t.shape) for name, t in tensors.items()} for tensors in (saved, trained))
    for name in sorted(expected | shapes):
        if shapes.get(name) != expected.get(name):
            raise ValueError(
                f"{place} is of another run: expected {name} with shape {expected.get(name)}, came {shapes.get(name)}. "
                "Go on with the stage, the model and the losses that it was written with, or begin again in another --out."
            )


@contextmanager
def _without_weights(accelerator: Accelerator) -> Iterator[None]:
    """Keeps accelerate from saving and loading weights: frozen ones can be had again, and it overlooks missing names."""
    hooks = [
        accelerator.register_save_state_pre_hook(lambda models, weights, folder: weights.clear()),
        accelerator.register_load_state_pre_hook(lambda models, folder: models.clear()),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _without_scaler(accelerator: Accelerator, *, there: bool) -> Iterator[None]:
    """Leaves the scale of fp16's gradients as it begins where no state of it is `there`: the run had another precision."""
    scaler = accelerator.scaler
    accelerator.scaler = scaler if there else None
    try:
        yield
    finally:
        accelerator.scaler = scaler
