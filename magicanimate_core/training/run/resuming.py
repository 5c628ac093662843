"""What a run goes on from: the newest sound checkpoint of its folder, with what has changed since said in a sentence."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from .checkpoints import NAME, OPTIMIZER, RUN_RECORD, RUN_WEIGHTS, checkpoints
from .settings import RunSettings

Tell = Callable[[str], None]  # is given sentences for the user
AGAIN = "begin again in another --out"
SIZES = ("run.accumulate", "drawing.batch", "drawing.image_batch", "vae.batch")  # what a step learns from, per process


def latest_checkpoint(folder: Path, tell: Tell = lambda sentence: None) -> Path | None:
    """Returns the newest sound checkpoint, None where there is none at all; `tell` hears of damaged ones before it.

    Raises ValueError where all are damaged, or where what lies there is not of this command.
    """
    _check_ours(folder)
    damaged = []
    for _, place in reversed(checkpoints(folder)):
        trouble = damage(place)
        if trouble is None:
            if damaged:
                tell(f"{' '.join(damaged)} Going on from {place.name}, the newest that is whole.")
            return place
        damaged.append(f"{place} {trouble}.")
    if damaged:
        raise ValueError(f"No checkpoint can be read. {' '.join(damaged)} Put a whole one in their place, or {AGAIN}.")
    return None


def _check_ours(folder: Path) -> None:
    """Raises ValueError for checkpoints of another program, and for a result whose checkpoints are gone."""
    inside = folder / "checkpoints"
    if inside.exists() and not inside.is_dir():
        raise ValueError(f"{inside} is a file; expected a folder of checkpoints: {AGAIN}.")
    seen = [path.name for path in inside.iterdir() if not path.name.startswith(".")] if inside.is_dir() else []
    if seen and not any(NAME.match(name) for name in seen):
        raise ValueError(f"{inside} holds {min(seen)}, which is no checkpoint of this command: {AGAIN}.")
    if not seen and (folder / "export").is_dir():
        raise ValueError(f"{folder / 'export'} is there, but no checkpoint to go on from: move it away, or {AGAIN}.")


def damage(place: Path) -> str | None:
    """Tells, after its name, why a checkpoint cannot be gone on from; None for one that is whole."""
    try:
        sizes = json.loads((place / RUN_RECORD).read_text())["files"] if (place / RUN_RECORD).is_file() else {}
        for name, size in {**sizes, RUN_WEIGHTS: None}.items():  # weights tell themselves whether they are cut
            if not (place / name).is_file():
                return f"has no {name}"
            if size not in (None, (place / name).stat().st_size):
                return f"has a {name} of {(place / name).stat().st_size} bytes, not {size}"
        for path in place.iterdir():
            if path.suffix in (".bin", ".pt") and zipfile.ZipFile(path).testzip():  # as torch writes them
                return f"has a damaged {path.name}"
        if not all(torch.isfinite(tensor).all() for tensor in load_file(place / RUN_WEIGHTS).values()):
            return "has weights that are no numbers"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, SafetensorError) as error:
        return f"is damaged ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
    return None


def read_record(place: Path) -> dict:
    """Returns how a checkpoint's run was made; of an old one, nothing."""
    path = place / RUN_RECORD
    return json.loads(path.read_text()) if path.is_file() else {}


def run_record(run: RunSettings, processes: int, settings: Mapping[str, object]) -> dict[str, object]:
    """Returns how a run is made, for its checkpoints: the processes, and `settings`, every option by its name."""
    return {"processes": processes, "settings": {**{f"run.{name}": value for name, value in vars(run).items()}, **settings}}


def check_going_on(place: Path, record: Mapping, run: RunSettings, tell: Tell = lambda sentence: None) -> None:
    """Tells what is not as it was when the checkpoint was written. `record`: of the run that goes on from it.

    Raises ValueError for another optimiser, and for another number of processes that would change what a step learns from.
    """
    _check_optimizer(place, run)
    before, now = read_record(place), json.loads(json.dumps(record))
    was = {"processes": before.get("processes", now["processes"]), **before.get("settings", {})}
    now = {"processes": now["processes"], **now["settings"]}
    _check_processes(place, was, now)
    changed = [f"{name} is {now[name]} (was {was[name]})" for name in now if name in was and was[name] != now[name]]
    if changed:
        tell(f"Going on from {place.name} with other settings than it was written with: {', '.join(changed)}.")


def _check_processes(place: Path, was: Mapping, now: Mapping) -> None:
    """Raises ValueError where a step would have another number of batches and nobody asked for it."""
    batches, old, count = was["processes"] * was.get("run.accumulate", 1), was["processes"], now["processes"]
    asked = any(was.get(name) != now.get(name) for name in SIZES)
    if count == old or asked or not was.keys() & set(SIZES):
        return
    fitting = f"set run.accumulate to {batches // count}" if batches % count == 0 else f"start {old} processes again"
    raise ValueError(
        f"{place} is of a run of {batches} batches a step ({old} processes, run.accumulate {now['run.accumulate']}), "
        f"and would go on with {count * now['run.accumulate']} ({count} processes): {fitting}, or {AGAIN}."
    )


def _check_optimizer(place: Path, run: RunSettings) -> None:
    """Raises ValueError for a checkpoint of another optimiser, or of none."""
    if not (place / OPTIMIZER).is_file():
        raise ValueError(f"{place} has no {OPTIMIZER}: it is of another program; {AGAIN}.")
    states = torch.load(place / OPTIMIZER, "cpu", weights_only=True, mmap=True)["state"].values()
    eight = any("state1" in state for state in states)  # as bitsandbytes calls it
    if states and eight != run.adam_8bit:
        raise ValueError(
            f"{place} has optimiser states of {'8' if eight else '32'} bits, but run.adam_8bit is "
            f"{str(run.adam_8bit).lower()}: set it back, or {AGAIN}."
        )
