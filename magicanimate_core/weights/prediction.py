"""What a base model's UNet predicts, noise or velocity: as the model says itself, in whatever way, or as the user says."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from .files import metadata_of

PREDICTIONS = ("epsilon", "v_prediction")  # in diffusers' words
WORDS = {"v": "v_prediction", "velocity": "v_prediction", "eps": "epsilon", "true": "v_prediction", "false": "epsilon"}
MARKERS = ("v_pred", "ztsnr")  # tensors without numbers that say what a checkpoint is
TRAINED_WITH = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}


def is_marker(key: str) -> bool:
    """Tells whether a tensor only says what the checkpoint is."""
    return key.rpartition(".")[2] in MARKERS


def prediction_type(folder: Path, asked: str = "") -> str:
    """Returns what the UNet of a diffusers folder predicts; `asked`: what the user says, for a folder that does not.

    Raises ValueError for what cannot be sampled here, and where user and folder contradict each other.
    """
    path = folder / "scheduler" / "scheduler_config.json"
    config = _read_json(path) if path.is_file() else {}
    other = [f"{name} {config[name]}" for name, value in TRAINED_WITH.items() if config.get(name, value) != value]
    if config.get("rescale_betas_zero_snr"):
        other.append("rescale_betas_zero_snr")
    if other:
        raise ValueError(f"{path} says {', '.join(other)}; expected the noise schedule of Stable Diffusion 1.5.")
    said = {"prediction_type": config["prediction_type"]} if config.get("prediction_type") else {}
    return _agreed(str(path), said, asked)


def file_prediction(path: Path, keys: Collection[str], asked: str = "") -> str:
    """Returns what the UNet of a single-file checkpoint with these `keys` predicts; `asked` as in prediction_type.

    Raises ValueError for what cannot be sampled here, where the file contradicts itself, and where the user contradicts it.
    """
    facts = metadata_of(path)
    markers = {key.rpartition(".")[2] for key in keys if is_marker(key)}
    zero = [name for name in ("ss_zero_terminal_snr",) if str(facts.get(name)).lower() == "true"]
    if zero or "ztsnr" in markers:
        raise ValueError(
            f"{path.name} was trained with noise down to a terminal SNR of zero ({(zero or ['ztsnr'])[0]}); "
            "expected the noise schedule of Stable Diffusion 1.5."
        )
    said = {name: facts[name] for name in ("modelspec.prediction_type", "ss_v_parameterization") if facts.get(name)}
    said |= {"v_pred": "v"} if "v_pred" in markers else {}
    said |= {beside.name: word for beside in [path.with_suffix(".yaml")] if (word := _parameterization(beside))}
    return _agreed(path.name, said, asked)


def _agreed(name: str, said: Mapping[str, Any], asked: str) -> str:
    """The one prediction that all say. Raises ValueError, with who says what."""
    found = {place: WORDS.get(str(word).lower(), str(word).lower()) for place, word in said.items()}
    who = " and ".join(f"{place} {word}" for place, word in found.items())
    unknown = [word for word in found.values() if word not in PREDICTIONS]
    if unknown:
        raise ValueError(f"{name} says {who}; expected one of {', '.join(PREDICTIONS)}.")
    if asked and found and asked not in found.values():
        raise ValueError(f"{name} says {who}, but prediction type {asked} was asked for; leave that out.")
    if not asked and len(set(found.values())) > 1:
        raise ValueError(f"{name} contradicts itself: {who}. Say which is right (--prediction-type, or model.prediction).")
    return asked or next(iter(found.values()), PREDICTIONS[0])


def _read_json(path: Path) -> dict:
    """Raises ValueError, with the file's name, for what is no JSON object."""
    try:
        config = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}).") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path} is {config!r}; expected a JSON object.")
    return config


def _parameterization(path: Path) -> str:
    """What the config beside a checkpoint, of its name, says; nothing where there is none."""
    import yaml

    try:
        model = yaml.safe_load(path.read_text())["model"]
        return str(model["params"].get("parameterization", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return ""
