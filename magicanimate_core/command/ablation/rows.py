"""The rows of an ablation: the paper's that can be made, or those of the config."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ...options import Animator, Settings
from ..methods import check_use, needed
from .paths import ModelPaths, read_models
from .sections import section
from .tables import PAPER_ROWS, WHOLE_METHOD, PaperRow

FILES_OF_METHODS = ("ip_adapter", "image_encoder")  # the rest of what a method needs is the set's
ROW_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class AblationRow:
    """What is compared: settings and models, and the options in which they differ from those of all rows."""

    name: str
    settings: Settings
    models: ModelPaths
    animator: Animator
    differs: Mapping[str, Any]


def read_settings(values: Any, where: str, common: Settings) -> Settings:
    """The options of all rows, or a row's over them. Raises ValueError."""
    given = section(values, where, {option.name for option in fields(Settings)})
    try:
        return replace(common, **given)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def read_rows(values: Any, chosen: bool, settings: Settings, models: ModelPaths) -> tuple[list[AblationRow], dict[str, str]]:
    """Returns the rows of a config, or those of the paper that can be made; and why the others cannot.

    values: the section, `chosen` where there is one. Raises ValueError, and FileNotFoundError for files of models.
    """
    if chosen and (not isinstance(values, dict) or not values):
        raise ValueError(
            f"rows is {values!r}; expected names of rows, each with what differs (or nothing, for the paper's)."
        )
    entries = {WHOLE_METHOD: None} | (values if chosen else dict.fromkeys(PAPER_ROWS))
    rows, left_out = [], {}
    for name, entry in entries.items():
        if not isinstance(name, str) or not ROW_NAME.fullmatch(name):
            raise ValueError(f"rows has {name!r}; expected names of letters, digits, - and _, as folders are called.")
        given = section(entry, f"row {name}", {"options", "models", "method"})
        paper = PAPER_ROWS.get(name, PaperRow())
        row = _row(name, given, paper, settings, models)
        if lacks := _lacks(row, paper, given):
            if given:
                raise ValueError(f"row {name}: {lacks}")
            left_out[name] = lacks
        else:
            rows.append(row)
    _check_different(rows)
    return rows, left_out


def _row(name: str, given: Mapping[str, Any], paper: PaperRow, settings: Settings, models: ModelPaths) -> AblationRow:
    """Raises ValueError for what a row cannot have."""
    where = f"row {name}"
    known = {option.name for option in fields(Settings)}
    options = dict(paper.options) | section(given.get("options"), f"{where}.options", known)
    row = AblationRow(
        name=name,
        settings=read_settings(options, f"{where}.options", settings),
        models=read_models(given.get("models"), f"{where}.models", models),
        animator=_animator(given.get("method", paper.method), where),
        differs={key: value for key, value in options.items() if value != getattr(settings, key)},
    )
    for side in ("width", "height", "fit"):
        if side in row.differs:
            raise ValueError(f"{where}.options has {side}; all rows are compared with the same frames: give it in options.")
    check_use(row.animator.method, row.differs, f"{where}.options: ")
    return row


def _lacks(row: AblationRow, paper: PaperRow, given: Mapping[str, Any]) -> str:
    """What a row cannot be made without; empty where it has all."""
    if paper.trained and not given.get("models"):
        return f"it is another training ({paper.trained}): give it models.magicanimate, that one's export."
    method = row.animator.method
    lacks = [f"models.{name}" for name in needed(method) if name in FILES_OF_METHODS and getattr(row.models, name) is None]
    return f"method {method} needs {' and '.join(lacks)} (docs/baselines.md)." if lacks else ""


def _animator(method: Any, where: str) -> Animator:
    """Raises ValueError for a method that is none."""
    try:
        return Animator(method=method)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}: {error}") from error


def _check_different(rows: Sequence[AblationRow]) -> None:
    """Raises ValueError where two rows would be the same videos under two names."""
    seen: dict[str, str] = {}
    for row in rows:
        what = repr((asdict(row.settings), asdict(row.models), asdict(row.animator)))
        if what in seen:
            raise ValueError(f"rows {seen[what]} and {row.name} are the same; expected an option or a model that differs.")
        seen[what] = row.name
