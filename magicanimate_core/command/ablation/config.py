"""The config of an ablation: the files of models, a set, options that all rows share, and rows that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...options import Settings
from .paths import read_models
from .rows import AblationRow, read_rows, read_settings
from .sections import count, parsed, section

CAPTIONED_CONFIG = Path(__file__).with_name("example.yaml")  # every name, explained


@dataclass(frozen=True, kw_only=True)
class CaseData:
    """What is animated."""

    clips: str
    items: int = 0
    frames: int = 0
    reference: int = 0


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """A config that was checked. left_out: rows of the paper that cannot be made, and why."""

    rows: Sequence[AblationRow]
    common: Settings  # of all rows
    data: CaseData
    networks: Path | None
    size: int  # pixels of the square that is measured; 0: the frames as they are
    left_out: Mapping[str, str]


def read_ablation(path: Path) -> Ablation:
    """Reads a config. Raises FileNotFoundError, or ValueError in one sentence, for what is unknown or cannot be used."""
    values = section(parsed(path), path.name, {"models", "data", "options", "networks", "size", "rows"})
    models = read_models(values.get("models"), f"{path.name}: models", None)
    settings = read_settings(values.get("options"), f"{path.name}: options", Settings())
    rows, left_out = read_rows(values.get("rows"), "rows" in values, settings, models)
    return Ablation(
        rows=rows,
        common=settings,
        data=_data(values.get("data"), path.name),
        networks=_networks(values.get("networks"), path.name),
        size=count(values.get("size", 0), f"{path.name}: size"),
        left_out=left_out,
    )


def _networks(value: Any, name: str) -> Path | None:
    """Raises ValueError for what is no folder."""
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name}: networks is {value!r}; expected a folder.")
    if value and not Path(value).is_dir():
        raise ValueError(f"{name}: networks is {value}, which is no folder.")
    return Path(value) if value else None


def _data(values: Any, name: str) -> CaseData:
    """Raises ValueError for no clips and for numbers below 0."""
    where = f"{name}: data"
    given = section(values, where, {option.name for option in fields(CaseData)})
    if not isinstance(given.get("clips"), str) or not given["clips"]:
        raise ValueError(f"{where}.clips is {given.get('clips')!r}; expected a folder of clips, shards, or drawn dancers.")
    for key in ("items", "frames", "reference"):
        count(given.get(key, 0), f"{where}.{key}")
    return CaseData(**given)
