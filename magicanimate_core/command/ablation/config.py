"""The config of an ablation: the files of models, a set, options that all rows share, and rows that differ."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ...options import Settings
from ...weights.prediction import PREDICTIONS
from .sections import count, parsed, section
from .tables import OURS, PAPER_ROWS

CAPTIONED_CONFIG = Path(__file__).with_name("example.yaml")  # every name, explained
ROW_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class ModelPaths:
    """Where the models of a row are from, as `animate` takes them."""

    base: Path
    magicanimate: Path = Path("models/magicanimate")
    vae: Path | None = None
    prediction_type: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseData:
    """What is animated."""

    clips: str
    items: int = 0
    frames: int = 0
    reference: int = 0


@dataclass(frozen=True, kw_only=True)
class AblationRow:
    """What is compared: settings and models, and the options in which they differ from those of all rows."""

    name: str
    settings: Settings
    models: ModelPaths
    differs: Mapping[str, Any]


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
    models = _models(values.get("models"), f"{path.name}: models", None)
    settings = _settings(values.get("options"), f"{path.name}: options", Settings())
    rows, left_out = _rows(values.get("rows"), "rows" in values, settings, models)
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


def _models(values: Any, where: str, common: ModelPaths | None) -> ModelPaths:
    """The files of models, those of all rows where a row gives no others. Raises ValueError or FileNotFoundError."""
    given = section(values, where, {option.name for option in fields(ModelPaths)})
    for name, value in given.items():
        if not isinstance(value, str) or not (value or name == "prediction_type"):
            raise ValueError(f"{where}.{name} is {value!r}; expected {'a word' if name == 'prediction_type' else 'a path'}.")
    if given.get("prediction_type", "") not in ("", *PREDICTIONS):
        raise ValueError(f"{where}.prediction_type is {given['prediction_type']}; expected one of {', '.join(PREDICTIONS)}.")
    paths = {name: value if name == "prediction_type" else Path(value) for name, value in given.items()}
    if common is None and "base" not in paths:
        raise ValueError(f"{where} has no base; expected a Stable Diffusion 1.5 checkpoint or a diffusers folder.")
    models = replace(common, **paths) if common else ModelPaths(**paths)
    for path in (models.base, models.magicanimate, models.vae):
        if path is not None and not path.exists():
            raise FileNotFoundError(f"{where}: {path} does not exist.")
    return models


def _settings(values: Any, where: str, common: Settings) -> Settings:
    """The options of all rows, or a row's over them. Raises ValueError."""
    given = section(values, where, {option.name for option in fields(Settings)})
    try:
        return replace(common, **given)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _data(values: Any, name: str) -> CaseData:
    """Raises ValueError for no clips and for numbers below 0."""
    where = f"{name}: data"
    given = section(values, where, {option.name for option in fields(CaseData)})
    if not isinstance(given.get("clips"), str) or not given["clips"]:
        raise ValueError(f"{where}.clips is {given.get('clips')!r}; expected a folder of clips, shards, or drawn dancers.")
    for key in ("items", "frames", "reference"):
        count(given.get(key, 0), f"{where}.{key}")
    return CaseData(**given)


def _rows(values: Any, chosen: bool, settings: Settings, models: ModelPaths) -> tuple[list[AblationRow], dict[str, str]]:
    """The rows of a config, or those of the paper that can be made; and why the others cannot. Raises ValueError."""
    if chosen and (not isinstance(values, dict) or not values):
        raise ValueError(
            f"rows is {values!r}; expected names of rows, each with what differs (or nothing, for the paper's)."
        )
    entries = {OURS: None} | (values if chosen else dict.fromkeys(PAPER_ROWS))
    rows, left_out = [], {}
    for name, entry in entries.items():
        if not isinstance(name, str) or not ROW_NAME.fullmatch(name):
            raise ValueError(f"rows has {name!r}; expected names of letters, digits, - and _, as folders are called.")
        given = section(entry, f"row {name}", {"options", "models"})
        paper = PAPER_ROWS.get(name)
        if paper and paper.needs and not given:
            left_out[name] = paper.needs
            continue
        rows.append(_row(name, given, dict(paper.options) if paper else {}, settings, models))
    _check_different(rows)
    return rows, left_out


def _row(name: str, given: Mapping[str, Any], paper: dict[str, Any], settings: Settings, models: ModelPaths) -> AblationRow:
    """Raises ValueError for what a row cannot have."""
    where = f"row {name}"
    options = paper | section(given.get("options"), f"{where}.options", {option.name for option in fields(Settings)})
    row = AblationRow(
        name=name,
        settings=_settings(options, f"{where}.options", settings),
        models=_models(given.get("models"), f"{where}.models", models),
        differs={key: value for key, value in options.items() if value != getattr(settings, key)},
    )
    for side in ("width", "height", "fit"):
        if side in row.differs:
            raise ValueError(f"{where}.options has {side}; all rows are compared with the same frames: give it in options.")
    return row


def _check_different(rows: Sequence[AblationRow]) -> None:
    """Raises ValueError where two rows would be the same videos under two names."""
    seen: dict[str, str] = {}
    for row in rows:
        what = repr((asdict(row.settings), asdict(row.models)))
        if what in seen:
            raise ValueError(f"rows {seen[what]} and {row.name} are the same; expected an option or a model that differs.")
        seen[what] = row.name
