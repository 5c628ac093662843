"""Who is who among the rows of a UNet call: decided once per run, from the conditionings as the sampler will use them.

The host copies entries, their uuid included, where one side has an area and the other has none, and it switches prompts on
and off by sigma; so an entry is known by the list it stands in, and by a uuid of our own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import torch
from comfy.controlnet import ControlBase
from torch import Tensor

Conditionings = dict[str, list[dict[str, Any]]]  # a guider's, by role: positive, negative, ...
POSITIVE = "positive"  # by this name a guider keeps what sees the reference, whatever number it has for it


class Crop(NamedTuple):
    """Part of a frame, in latent pixels."""

    height: int
    width: int
    top: int
    left: int


@dataclass(frozen=True)
class Row:
    """One entry of the conditionings: of its text, only the number by which the run knows it."""

    positive: bool
    text: int  # what the UNet and the appearance encoder read
    pose_text: int  # what the ControlNet reads
    crop: Crop | None = None  # None: whole frames
    start: float = float("inf")  # sigma where the entry begins to count
    end: float = 0.0  # and where it ends
    strength: float = 1.0
    controls: frozenset[int] = frozenset()  # its ControlNets, by id

    def counts_at(self, sigma: float) -> bool:
        """Whether the entry is switched on, as the host has it."""
        return self.end <= sigma <= self.start


class Rows:
    """All entries of a run, and their texts: equal ones stand once, so that what depends on a text is computed once."""

    def __init__(self) -> None:
        self.texts: list[Tensor] = []  # each (B, L, D), B one or as many as there are prompts over time
        self.known: dict[UUID | None, Row] = {}
        self.timed = False  # whether any entry is switched on or off

    def add(self, uuid: UUID | None, entry: Mapping[str, Any], positive: bool, size: Sequence[int]) -> None:
        """Takes in an entry; one without text has nothing for us. size: of the whole latent, (height, width)."""
        conds = entry.get("model_conds", {})
        text = conds.get("c_crossattn")
        if text is None:
            return
        number = self.number(text.cond)
        pose = conds.get("crossattn_controlnet")
        start, end = float(entry.get("timestep_start", "inf")), float(entry.get("timestep_end", 0.0))
        self.timed |= "timestep_start" in entry or "timestep_end" in entry
        self.known[uuid] = Row(
            positive, number, number if pose is None else self.number(pose.cond), _crop(entry.get("area"), size), start, end,
            float(entry.get("strength", 1.0)), frozenset(map(id, control_chain(entry.get("control")))),
        )  # fmt: skip

    def number(self, text: Tensor) -> int:
        """Returns the number of a text (B, L, D)."""
        for number, other in enumerate(self.texts):
            if other is text or (other.shape == text.shape and torch.equal(other, text)):
                return number
        self.texts.append(text)
        return len(self.texts) - 1

    def who_reads(self, control: ControlBase, text: int, crop: Crop | None, sigma: float) -> set[UUID | None]:
        """Returns the entries that are switched on and get residuals of a ControlNet for this text on this crop."""
        on = {uuid for uuid, row in self.known.items() if row.crop == crop and row.counts_at(sigma)}
        return {u for u in on if id(control) in self.known[u].controls and text in self.pose_texts(u, sigma)}

    def pose_texts(self, uuid: UUID | None, sigma: float) -> dict[int, float]:
        """Returns the texts whose residuals a row gets, with the share of each; {} for a row that nobody knows.

        A positive row gets those of its own text. Any other gets what its positive partners get: those that are switched on
        and stand on the same crop, or, where there are none, all that are switched on; by their strengths, in no order.
        """
        row = self.known.get(uuid)
        if row is None:
            return {}
        if row.positive:
            return {row.pose_text: 1.0}
        counting = [other for other in self.known.values() if other.positive and other.counts_at(sigma)]
        partners = [other for other in counting if other.crop == row.crop] or counting or [row]
        return _shares(partners)


def _shares(partners: Sequence[Row]) -> dict[int, float]:
    """Texts of partners, and how much each counts for; all alike where no strength says otherwise."""
    total = sum(partner.strength for partner in partners)
    shares: dict[int, float] = {}
    for partner in partners:
        share = partner.strength / total if total > 0 else 1 / len(partners)
        shares[partner.pose_text] = shares.get(partner.pose_text, 0.0) + share
    return dict(sorted(shares.items()))


def control_chain(control: ControlBase | None) -> Iterator[ControlBase]:
    """Goes through a ControlNet and those before it."""
    while control is not None:
        yield control
        control = control.previous_controlnet


def _crop(area: Sequence[int] | None, size: Sequence[int]) -> Crop | None:
    """An entry's area (height, width, top, left), cut to the frame as the host does; None for whole frames."""
    if area is None:
        return None
    (height, width), (top, left) = area[: len(area) // 2][-2:], area[len(area) // 2 :][-2:]
    crop = Crop(min(height, size[0] - top), min(width, size[1] - left), top, left)
    return None if crop == Crop(*size, 0, 0) else crop


def identified(conds: Conditionings, size: Sequence[int], device: torch.device) -> tuple[Conditionings, Rows]:
    """Returns the conditionings with an identity of its own for every entry, and what is known of each.

    size: of the whole latent, (height, width). device: where the sampler's tensors are, and the texts from now on.
    """
    rows, out = Rows(), {}
    for role, entries in conds.items():
        out[role] = [{**entry, "uuid": uuid4()} for entry in entries or []] if entries is not None else None
        for entry in out[role] or []:
            rows.add(entry["uuid"], entry, role == POSITIVE, size)
    if any(text.shape[0] > 1 for text in rows.texts):  # with a row per frame; the host batches what lies in one place
        return out, rows
    rows.texts = [text.to(device) for text in rows.texts]
    moved = {role: entries and [_with_texts_on(entry, device) for entry in entries] for role, entries in out.items()}
    return moved, rows


def _with_texts_on(entry: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """An entry whose texts (1, L, D) lie on the device, so that no call has to copy them."""
    conds = dict(entry.get("model_conds", {}))
    for name in {"c_crossattn", "crossattn_controlnet"} & conds.keys():
        conds[name] = conds[name]._copy_with(conds[name].cond.to(device))
    return {**entry, "model_conds": conds}
