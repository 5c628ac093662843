"""DensePose of what comes in, frame by frame: found by a net, or converted from any form; then mended."""

from collections.abc import Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..bodies.landmarks import is_bundle
from ..bodies.source import BodySource
from ..media.densepose import AUTO_FORM, paint
from ..media.pictures import read_picture
from ..media.reading import Video, open_video
from ..options import PoseWork
from ..pose.detector import Detector
from ..pose.exchange import EXPECTED_NET, DensePoseNet, densepose_net
from ..pose.others import VAGUE
from ..pose.people import people
from ..pose.preparing import PoseReport, converted, mended, prepare_poses
from ..pose.recognition import EXPECTED_FORMS, seen_instead, tell
from ..weights.files import file_name
from ..weights.script import open_script

FILM_FORM = "film"  # what --form says of IN that goes through the net


@dataclass(frozen=True)
class OpenedNet:
    """A DensePose net on its device, and the size at which it sees frames."""

    net: DensePoseNet
    size: int
    device: torch.device

    @classmethod
    def open(cls, path: Path, size: int, device: str | None) -> "OpenedNet":
        """Opens a TorchScript file; device: None is the accelerator, else the CPU. Raises ValueError, FileNotFoundError."""
        from .workers import choose_device

        place = choose_device(device)
        return cls(densepose_net(open_script(path, EXPECTED_NET), file_name(path)).to(place), size, place)

    @property
    def name(self) -> str:
        """The file's."""
        return self.net.name

    def finding(self) -> nullcontext[Detector]:
        """Gives what finds the parts in one clip."""
        return nullcontext(Detector(self.net, self.size, self.device))


@dataclass(frozen=True)
class OpenedBodies:
    """MediaPipe's bundle, from whose joints bodies are drawn."""

    path: Path

    @property
    def name(self) -> str:
        """The file's."""
        return self.path.name

    def finding(self) -> closing[BodySource]:
        """Gives what draws the parts in one clip. Raises ValueError, FileNotFoundError."""
        return closing(BodySource.open(self.path))


PartsNet = OpenedNet | OpenedBodies


def open_net(path: Path, size: int, device: str | None) -> PartsNet:
    """Opens what finds parts, whichever it is; arguments and errors as OpenedNet.open."""
    if not is_bundle(path):
        return OpenedNet.open(path, size, device)
    bodies = OpenedBodies(path)
    with bodies.finding():  # whether it can be opened
        return bodies


class PoseMaker:
    """What makes the pose of a clip: conversion, where it is DensePose already, else the net."""

    def __init__(self, name: str, work: PoseWork, spread: np.ndarray, net: PartsNet | None) -> None:
        """spread: frames (F, H, W, 3) all over the clip, by which it is recognised. name: of IN.

        Raises ValueError for what is neither DensePose nor a film with a net.
        """
        self.work, self.spread, self.net, self.form, self.note = work, spread, net, work.form, ""
        if work.form == AUTO_FORM:
            self._recognise(name)
        elif work.form == FILM_FORM and net is None:
            raise ValueError(_without_net(f"IN {name} is a film"))

    def _recognise(self, name: str) -> None:
        found, instead = tell(self.spread)
        if found is None and self.net is None:
            raise ValueError(_without_net(f"IN {name} {seen_instead(instead)}"))
        self.form = found.form.name if found else FILM_FORM
        if found and self.net:
            self.note = f"IN is DensePose already, which needs no net; where it is none, give --form {FILM_FORM}"
        elif instead and instead not in VAGUE:
            self.note = f"IN looks like {instead}; in what is no film or photo a net finds nobody, or wrong parts"

    def frames(self, frames: Iterable[np.ndarray], report: PoseReport) -> Iterator[np.ndarray]:
        """Gives a pose (H, W, 3) uint8 in this model's colours for each frame (H, W, 3) uint8; `report` is filled in.

        Raises ValueError as the net does.
        """
        report.notes += [self.note] * bool(self.note)
        repair = {"steady": self.work.steady, "fill_gaps": self.work.fill_gaps, "report": report}
        if self.form != FILM_FORM:
            return prepare_poses(frames, form=self.form, snap=self.work.snap, spread=self.spread, **repair)
        report.words = f"a film, parts found by {self.net.name}"
        return map(paint, mended(self._found(frames, report), **repair))

    def _found(self, frames: Iterable[np.ndarray], report: PoseReport) -> Iterator[np.ndarray]:
        """Part maps (H, W) by the net."""
        with self.net.finding() as parts_of:
            for frame in frames:
                parts = parts_of(frame)
                report.people = max(report.people, people(parts))
                yield parts


def photo_pose(path: Path, snap: bool, net: PartsNet | None) -> np.ndarray:
    """Returns DensePose (H, W, 3) uint8 of a photo: a picture of it in any form, or the photo itself, where there is a net.

    Raises ValueError, Unreadable among them, for anything else.
    """
    rgb = _one_picture(path)
    found, instead = tell(rgb[None])
    if found:
        return converted(rgb[None], found.form, snap)[0]
    if net is None:
        raise ValueError(_without_net(f"--photo-pose {path.name} {seen_instead(instead)}"))
    with net.finding() as parts_of:
        return paint(parts_of(rgb))


def _one_picture(path: Path) -> np.ndarray:
    """(H, W, 3) uint8. Raises ValueError for a film."""
    video = open_video(path)
    if isinstance(video, Video):
        return read_picture(video.blob)
    if len(video) > 1:
        raise ValueError(f"--photo-pose {path.name} has {len(video)} pictures; expected one, the DensePose of the photo.")
    return read_picture(video.blob)


def _without_net(what: str) -> str:
    """What is missing for that which is no DensePose."""
    return f"{what}, and --densepose-model is missing: give {EXPECTED_NET}, or instead {EXPECTED_FORMS}."
