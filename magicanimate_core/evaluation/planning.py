"""What can be measured, found out before anything heavy: which frames meet, which metrics are missing and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .comparison import check_masks
from .distances import DISTANCES, SAMPLE_LAYOUTS
from .layouts import open_set
from .networks.table import NETWORKS, find_network
from .pairs import ClipPair, check_names, common, paired
from .people import IDENTITY_METRICS, JOINT_METRICS, PEOPLE_METRICS, Errors, from_tables
from .per_frame import METRICS
from .sizes import ruled_out, squared
from .videos import ComparedClip

ALL = (*METRICS, *DISTANCES, *PEOPLE_METRICS)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What somebody wants to know. metrics: keys of ALL; none: all for which there is what they need."""

    generated: Path
    true: Path
    metrics: Sequence[str] = ()
    networks: Path | None = None
    masks: Path | None = None
    joints: Sequence[Path] = ()  # tables of the true and of the generated frames
    identities: Sequence[Path] = ()
    layout: str = SAMPLE_LAYOUTS[0]
    size: int = 0  # pixels of the true frames' centred square; 0: as they are
    generated_size: int = 0
    common: bool = False
    made_with: Sequence[Path] = ()  # files that the videos were made with, for the provenance
    note: Sequence[str] = ()  # and words
    seed: int = 0

    @property
    def in_tables(self) -> tuple[str, ...]:
        """Metrics for which there are tables."""
        return (JOINT_METRICS if self.joints else ()) + (IDENTITY_METRICS if self.identities else ())


@dataclass
class EvaluationPlan:
    """What will be measured. missing: metric -> why not, a sentence; notes: key -> what to know of it, a line."""

    request: Request
    made: Mapping[str, ComparedClip]
    true: Mapping[str, ComparedClip]
    masks: Mapping[str, ComparedClip] | None
    pairs: list[ClipPair] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # per-frame metrics
    others: list[str] = field(default_factory=list)  # distances, and what needs joints or identities
    networks: dict[str, Path] = field(default_factory=dict)
    people: dict[str, Errors] = field(default_factory=dict)  # what tables say already
    missing: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def lacks(self, keys: Sequence[str], why: str) -> None:
        """Takes metrics out."""
        self.missing |= {key: why for key in keys if key in self.keys or key in self.others}
        self.keys = [key for key in self.keys if key not in keys]
        self.others = [key for key in self.others if key not in keys]


def plan(request: Request) -> EvaluationPlan:
    """Looks at all that is given. Raises ValueError or OSError for what cannot be used, or where nothing can be measured."""
    wanted = _wanted(request)
    made = squared(open_set(request.generated, "GENERATED"), request.generated_size)
    true = squared(open_set(request.true, "TRUE"), request.size)
    masks = squared(open_set(request.masks, "--masks", "masks"), request.size, smooth=False) if request.masks else None
    found = EvaluationPlan(request, made, true, masks)
    found.keys = [key for key in wanted if key in METRICS]
    found.others = [key for key in wanted if key not in METRICS]
    if request.seed < 0:
        raise ValueError(f"--seed is {request.seed}; expected 0 or more.")
    for path in request.made_with:
        if not path.is_file():
            raise FileNotFoundError(f"--made-with has {path}, which is no file; expected checkpoints, nets, job files.")
    for kind, paths in {"pose": request.joints, "identity": request.identities}.items():
        if paths:
            found.people[kind] = from_tables(kind, paths)
    _find_networks(found)
    _find_pairs(found)
    _find_masks(found)
    _look(found)
    if not found.keys and not found.others:
        reasons = list(dict.fromkeys(found.missing.values()))
        raise ValueError(reasons[0] if len(reasons) == 1 else " ".join(["Nothing can be measured.", *reasons]))
    return found


def check_metrics(names: Sequence[str]) -> None:
    """Raises ValueError for a metric that is none."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        raise ValueError(f"--metrics has {', '.join(unknown)}; expected some of {', '.join(ALL)}.")


def _wanted(request: Request) -> list[str]:
    """The metrics asked for; of all, those with masks only where there are masks."""
    check_metrics(request.metrics)
    if request.metrics:
        return list(dict.fromkeys(request.metrics))
    return [key for key in ALL if request.masks or key not in METRICS or METRICS[key].needs != "mask"]


def _find_networks(found: EvaluationPlan) -> None:
    """Finds the files of the networks that are needed; what there is a table for needs none."""
    request = found.request
    folder = request.networks
    if folder and not folder.is_dir():
        raise ValueError(f"--networks is {folder}, which is no folder; expected one with the networks' published files.")
    for name, network in NETWORKS.items():
        needed = [key for key in network.metrics if key in found.keys + found.others and key not in request.in_tables]
        path = find_network(name, folder) if folder and needed else None
        if path:
            found.networks[name] = path
        elif needed:
            where = f"in {folder}" if folder else "in the folder that --networks names"
            found.lacks(needed, f"{network.file} is missing {where}: {network.kind}, from {network.where}.")


def _find_pairs(found: EvaluationPlan) -> None:
    """Pairs the frames; where names differ, only what needs no pairs is left."""
    in_pairs = [*found.keys, *(key for key in found.others if key in PEOPLE_METRICS and key not in found.request.in_tables)]
    if not in_pairs and not found.request.common:
        return
    check_names(found.made, found.true)
    if found.request.common:
        found.pairs = common(found.made, found.true)
        _note_common(found)
        return
    try:
        found.pairs = paired(found.made, found.true)
    except ValueError as error:
        found.lacks(in_pairs, str(error))


def _note_common(found: EvaluationPlan) -> None:
    """Says what is left out."""
    names = {pair.made.name for pair in found.pairs}
    alone = [name for name in (*found.made, *found.true) if name not in names]
    cut = [pair.made.name for pair in found.pairs if len(pair.made) != len(pair.true)]
    if alone or cut:
        found.notes["common"] = (
            f"only what both sides have: {len(alone)} videos left out, {len(cut)} cut to the shorter side"
        )


def _find_masks(found: EvaluationPlan) -> None:
    masked = [key for key in found.keys if METRICS[key].needs == "mask"]
    if masked and found.masks is None:
        found.lacks(masked, f"{' and '.join(masked)} need --masks, a folder of masks with the names of TRUE.")
    elif masked:
        check_masks(found.pairs, found.masks)


def _look(found: EvaluationPlan) -> None:
    """Looks at the first frame of every video of a pair."""
    missing, notes = ruled_out(found.pairs, [key for key in found.keys + found.others if key not in found.request.in_tables])
    for key, why in missing.items():
        found.lacks([key], why)
    found.notes |= notes
    gaps = [clip.name for side in (found.made, found.true) for clip in side.values() if len(clip.runs()) > 1]
    if gaps and found.request.layout == "files" and any(key in DISTANCES for key in found.others):
        found.notes["gaps"] = f"frames are missing in {len(gaps)} videos ({gaps[0]}); as files, they are seen without a gap"
