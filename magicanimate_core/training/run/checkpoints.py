"""Checkpoints that are whole or not there: written beside their place, then renamed."""

import re
from pathlib import Path

import torch

from ...disk import beside, discard, take_place

NAME = re.compile(r"^step-(\d+)$")


def checkpoints(folder: Path) -> list[tuple[int, Path]]:
    """(steps done, folder) of every whole checkpoint, oldest first."""
    places = (folder / "checkpoints").glob("step-*")
    return sorted((int(m[1]), path) for path in places if (m := NAME.match(path.name)))


def latest_checkpoint(folder: Path) -> Path | None:
    found = checkpoints(folder)
    return found[-1][1] if found else None


def save_checkpoint(accelerator, folder: Path, done: int, ema, keep: int) -> Path:
    """Weights that are trained, optimiser, EMA and random states, as `folder`/checkpoints/step-N; the newest `keep` stay."""
    place = folder / "checkpoints" / f"step-{done:07d}"
    fresh = beside(place)
    if accelerator.is_main_process:
        for left in place.parent.glob(".*.part"):
            discard(left)
    accelerator.wait_for_everyone()
    with _only_trained(accelerator):
        accelerator.save_state(str(fresh))
    if accelerator.is_main_process:
        if ema is not None:
            torch.save(ema.state_dict(), fresh / "ema.pt")
        take_place(fresh, place)
        for _, old in checkpoints(folder)[:-keep]:
            discard(old)
    accelerator.wait_for_everyone()
    return place


def load_checkpoint(accelerator, place: Path | None, ema) -> int:
    """Brings everything back; returns the steps done (0 without a checkpoint)."""
    if place is None:
        return 0
    accelerator.load_state(str(place), strict=False)
    if ema is not None:
        ema.load_state_dict(torch.load(place / "ema.pt", "cpu", weights_only=True))
        ema.to(accelerator.device)
    return int(NAME.match(place.name)[1])


class _only_trained:
    """Leaves frozen weights out of what accelerate saves: they can be had again from where they came."""

    def __init__(self, accelerator):
        self.accelerator = accelerator

    def __enter__(self):
        self.hook = self.accelerator.register_save_state_pre_hook(self._filter)

    def __exit__(self, *_):
        self.hook.remove()

    def _filter(self, models, weights, _folder) -> None:
        for model, tensors in zip(models, weights, strict=True):
            names = {name.removeprefix("module.") for name, p in model.named_parameters() if p.requires_grad}
            for name in [name for name in tensors if name.removeprefix("module.") not in names]:
                del tensors[name]
