"""AKD, MKR and AED: from tables that somebody brings, or by the networks, from the frames of every pair."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn
from tqdm import tqdm

from .identity import IdentityErrors, identity_errors, identity_vector
from .joint_maps import find_joints
from .joints import JointErrors, joint_errors
from .pairs import Pair
from .tables import Table, read_table

JOINTS, IDENTITY = ("akd", "mkr"), ("aed",)
PEOPLE = (*JOINTS, *IDENTITY)
Errors = JointErrors | IdentityErrors
KINDS: dict[str, tuple[Callable[[nn.Module, np.ndarray], np.ndarray], Callable[[Table, Table], Errors]]] = {
    "pose": (find_joints, joint_errors),  # what the network of this name says of a frame, and how two tables of it compare
    "identity": (identity_vector, identity_errors),
}


def from_tables(kind: str, paths: Sequence[Path]) -> Errors:
    """Compares two files, the true one first. Raises ValueError and OSError."""
    true, generated = map(read_table, paths)
    return KINDS[kind][1](true, generated)


def from_frames(kind: str, pairs: Sequence[Pair], net: nn.Module) -> Errors:
    """Compares what a network says of the frames of every pair. Raises Unreadable."""
    look, errors = KINDS[kind]
    with tqdm(total=2 * sum(pair.count for pair in pairs), desc=kind, unit="frame") as bar:
        sides = (_table(pairs, side, lambda frame: look(net, frame), bar) for side in ("true", "made"))
        return errors(*sides)


def _table(pairs: Sequence[Pair], side: str, look: Callable[[np.ndarray], np.ndarray], bar: tqdm) -> Table:
    """What is seen in the frames of one side, named as the true ones."""
    values = []
    for frame in _frames(pairs, side):
        values.append(look(frame))
        bar.update()
    files = [pair.true.name for pair in pairs for _ in range(pair.count)]
    numbers = chain.from_iterable(pair.true.numbers[: pair.count] for pair in pairs)
    return Table(tuple(files), np.array(list(numbers)), np.stack(values))


def _frames(pairs: Sequence[Pair], side: str) -> Iterator[np.ndarray]:
    for pair in pairs:
        yield from getattr(pair, side).frames(pair.count)


def numbers(errors: Mapping[str, Errors], wanted: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Returns `joints` and `identity` of the results, as far as they are wanted: each number beside its frames."""
    found: dict[str, dict[str, Any]] = {}
    joints, identity = errors.get("pose"), errors.get("identity")
    for key in [key for key in JOINTS if key in wanted and joints]:
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
