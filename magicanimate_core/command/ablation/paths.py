"""Where the models of rows are from."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ...weights.prediction import PREDICTIONS
from .sections import section


@dataclass(frozen=True, kw_only=True)
class ModelPaths:
    """Where the models of a row are from, as `animate` takes them."""

    base: Path
    magicanimate: Path = Path("models/magicanimate")
    vae: Path | None = None
    prediction_type: str = ""
    ip_adapter: Path | None = None  # and what some methods need besides
    image_encoder: Path | None = None


def read_models(values: Any, where: str, common: ModelPaths | None) -> ModelPaths:
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
    for path in (models.base, models.magicanimate, models.vae, models.ip_adapter, models.image_encoder):
        if path is not None and not path.exists():
            raise FileNotFoundError(f"{where}: {path} does not exist.")
    return models
