"""Files on disk, whatever is in them: one that appears when it is whole, and what a file with the wrong bytes often is."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError


def beside(path: Path) -> Path:
    """Where `path` is written until it is whole: beside it and hidden, so that nobody takes it for finished."""
    return path.with_name(f".{path.name}.part")


def take_place(part: Path, path: Path) -> None:
    """A finished file or folder gets its name. After a power cut there is what was there before, or all of the new."""
    for file in [part, *part.rglob("*")] if part.is_dir() else [part]:
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    if path.is_dir():  # a folder cannot be replaced by another that is not empty
        shutil.rmtree(path)
    os.replace(part, path)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Gives a place to write to; `path` appears when the block ends, and nothing does when it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = beside(path)
    discard(part)  # of one that was killed
    try:
        yield part
    except BaseException:
        discard(part)
        raise
    take_place(part, path)


def discard(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raises OSError, a sentence that names `path`, for what writers of files say when they cannot go on: a full disk."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:  # torch and safetensors have words of their own
        reason = getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0]
        free = shutil.disk_usage(next(place for place in path.absolute().parents if place.exists())).free
        raise OSError(
            f"{path} could not be written ({reason}; {free / 1e9:.1f} GB are free). What was there before is untouched."
        ) from error


def open_folder(folder: Path, needed: int = 0) -> None:
    """Makes a folder that is written to later. Raises OSError where it cannot be, or has less than `needed` bytes free."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"Nothing can be written to {folder} ({error.strerror}); expected a folder, or room for one."
        ) from error
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(f"{folder} has {free / 1e9:.1f} GB free; {needed / 1e9:.1f} GB are needed there: make room first.")


def disguise(start: bytes) -> str | None:
    """What a file is that begins like this and was meant to be something else; None for what is not known."""
    text = start.lstrip().lower()
    if not start:
        return "empty"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page under a file's name (a failed or refused download)"
    if text.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, not the file it points to (run `git lfs pull`)"
    return None
