"""AKD, MKR and AED: from tables that somebody brings, or by the networks, from the frames of every pair."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn
from tqdm import tqdm

from .identity import IdentityErrors, identity_errors, identity_vector
from .joint_maps import find_joints
from .joints import JointErrors, joint_errors
from .pairs import ClipPair
from .tables import Table, read_table
from .videos import ComparedClip

JOINT_METRICS, IDENTITY_METRICS = ("akd", "mkr"), ("aed",)
PEOPLE_METRICS = (*JOINT_METRICS, *IDENTITY_METRICS)
Errors = JointErrors | IdentityErrors
KINDS: dict[str, tuple[Callable[[nn.Module, np.ndarray], np.ndarray], Callable[[Table, Table], Errors]]] = {
    "pose": (find_joints, joint_errors),  # what the network of this name says of a frame, and how two tables of it compare
    "identity": (identity_vector, identity_errors),
}


def from_tables(kind: str, paths: Sequence[Path]) -> Errors:
    """Compares two files, the true one first. Raises ValueError and OSError."""
    true, generated = map(read_table, paths)
    return KINDS[kind][1](true, generated)


def from_frames(kind: str, pairs: Sequence[ClipPair], net: nn.Module) -> Errors:
    """Compares what a network says of the frames of every pair; only the errors stay. Raises Unreadable."""
    look, errors = KINDS[kind]
    with tqdm(total=sum(pair.count for pair in pairs), desc=kind, unit="frame") as bar:
        found = []
        for pair in pairs:
            found.append(errors(*(_table(pair, clip, net, look) for clip in (pair.true, pair.made))))
            bar.update(pair.count)
    return _joined(found)


def _table(pair: ClipPair, clip: ComparedClip, net: nn.Module, look: Callable[[nn.Module, np.ndarray], np.ndarray]) -> Table:
    """What is seen in the frames of one side, named as the true ones."""
    values = [look(net, frame) for frame in clip.frames(pair.count)]
    return Table((pair.true.name,) * pair.count, np.array(pair.true.numbers[: pair.count]), np.stack(values))


def _joined(errors: Sequence[Errors]) -> Errors:
    """The errors of several videos as one."""
    files = tuple(file for found in errors for file in found.files)
    names = [field.name for field in fields(errors[0]) if field.name != "files"]
    return replace(errors[0], files=files, **{name: np.concatenate([getattr(of, name) for of in errors]) for name in names})


def numbers(errors: Mapping[str, Errors], wanted: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Returns `joints` and `identity` of the results, as far as they are wanted: each number beside its frames."""
    found: dict[str, dict[str, Any]] = {}
    joints, identity = errors.get("pose"), errors.get("identity")
    for key in [key for key in JOINT_METRICS if key in wanted and joints]:
        found.setdefault("joints", {}).update({key: getattr(joints, key), f"{key}_frames": getattr(joints, f"{key}_frames")})
    if "akd" in found.get("joints", {}):
        found["joints"]["akd_euclidean"] = joints.akd_euclidean
    if identity and "aed" in wanted:
        found["identity"] = {
            "aed": identity.aed,
            "aed_frames": len(identity.squared),
            "aed_euclidean": identity.aed_euclidean,
        }
    return found
