"""Reads a config, and writes the captioned one that has every option with its default."""

import json
from collections.abc import Collection
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from .config import Config

MOVED = {("loss", "gradient_checkpointing"): "run"}  # options that older configs have in another section
COLUMN = 30  # where captions begin
CONFIG_HEAD = """\
# How MagicAnimate is trained (paper Sec. 3.4): every option, its default, what it does. Copy it, keep what you change.
#     python -m magicanimate_core train my.yaml --stage 1 --out runs/mine      then --stage 2
# The paper gives neither thresholds nor learning rates (its supplement does); these are those of close relatives.
"""
STAGES_CAPTION = 'options of one stage over those above, e.g. {"2": {run: {steps: 20000}}}'


def read_config(path: Path, stage: str, stages: Collection[str], changes: Collection[str] = ()) -> Config:
    """Reads the config of a stage, one of `stages`: the file, its section for the stage over it, `changes` over both.

    A change is a text like "run.steps=20". Raises ValueError with one sentence for what is unknown or cannot be used.
    """
    if stage not in stages:
        raise ValueError(f"stage is {stage}; there are {', '.join(stages)}.")
    values = _options(_parse(path.read_text(), path.name), path.name)
    of_stages = {str(name): section for name, section in _options(values.pop("stages", None), "stages").items()}
    unknown = sorted(of_stages.keys() - set(stages))
    if unknown:
        raise ValueError(f"stages has options of an unknown stage {unknown[0]}; there are {', '.join(stages)}.")
    merged: dict = {}
    for layer in (values, _options(of_stages.get(stage), f"stages.{stage}"), *map(_change, changes)):
        merged = _merged(merged, _with_moved(layer))
    return _build(Config, merged, path.name)


def config_text() -> str:
    """Returns the captioned config with every option and its default, as training/config.yaml has it."""
    lines = []
    for option in fields(Config):
        section = option.default_factory if is_dataclass(option.default_factory) else None
        if section is None:
            lines += ["", _line(f"{option.name}: {_written(option.default)}", option.metadata["caption"])]
            continue
        lines += ["", _line(f"{option.name}:", section.caption)]
        lines += [_line(f"  {f.name}: {_written(f.default)}", f.metadata["caption"]) for f in fields(section)]
    return "\n".join([CONFIG_HEAD.rstrip(), *lines, "", _line("stages: {}", STAGES_CAPTION)]) + "\n"


def flat_settings(config: Any, within: str = "") -> dict[str, Any]:
    """Returns every option of a config by its name, as it is given on the command line ("run.steps")."""
    values: dict[str, Any] = {}
    for option in fields(config):
        name, value = f"{within}{option.name}", getattr(config, option.name)
        values |= flat_settings(value, f"{name}.") if is_dataclass(value) else {name: value}
    return values


def _line(text: str, caption: str) -> str:
    """An option, its caption behind it, further lines of the caption below one another."""
    first, *more = caption.split("\n")
    begin = f"{text}  " if len(text) + 2 > COLUMN else text.ljust(COLUMN)
    return "\n".join([f"{begin}# {first}" if caption else text, *(" " * COLUMN + f"# {line}" for line in more)])


def _written(value: Any) -> str:
    """A default as YAML has it, so that it is read as what it is."""
    if isinstance(value, float) and "e" in repr(value):
        mantissa, exponent = repr(value).split("e")
        return f"{float(mantissa)}e{int(exponent)}"
    if isinstance(value, str) and value and yaml.safe_load(value) == value:
        return value
    return json.dumps(value)


def _parse(text: str, where: str) -> Any:
    """Raises ValueError for what is no YAML."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{where} is no YAML: {str(error).splitlines()[0]}.") from error


def _options(values: Any, where: str) -> dict:
    """A copy of a section, empty where there is none. Raises ValueError for anything else."""
    if values is not None and not isinstance(values, dict):
        raise ValueError(f"{where} is {values!r}; expected options with values.")
    return dict(values or {})


def _change(text: str) -> dict:
    """Raises ValueError for a text that is no change."""
    name, separator, value = text.partition("=")
    if not separator:
        raise ValueError(f"{text} is no change; expected section.option=value, for example run.steps=20.")
    parsed = _parse(value, text)
    for part in reversed(name.split(".")):
        parsed = {part: parsed}
    return parsed


def _with_moved(layer: dict) -> dict:
    """Options that have moved are where they are now, unless they are also given there."""
    for (section, name), place in MOVED.items():
        if isinstance(layer.get(section), dict) and name in layer[section]:
            rest = {key: value for key, value in layer[section].items() if key != name}
            moved = {name: layer[section][name]} | _options(layer.get(place), place)
            layer = layer | {section: rest, place: moved}
    return layer


def _merged(below: dict, above: dict) -> dict:
    out = dict(below)
    for key, value in above.items():
        under = out.get(key)
        out[key] = _merged(under if isinstance(under, dict) else {}, value) if isinstance(value, dict) else value
    return out


def _build(kind: type, values: Any, where: str) -> Any:
    """A section of what YAML gave, also nested ones. Raises ValueError for unknown options and values of the wrong kind."""
    values = _options(values, where)
    known = {f.name for f in fields(kind)}
    unknown = sorted(map(str, values.keys() - known))
    if unknown:
        raise ValueError(f"{where} has an unknown option {unknown[0]}; there are {', '.join(sorted(known))}.")
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], value, f"{where}: {name}") for name, value in values.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    """A value as its field's type. Raises ValueError for what is none."""
    if is_dataclass(hint):
        return _build(hint, value, where)
    if getattr(hint, "__origin__", None) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{where} is {value!r}; expected a list.")
        return tuple(_value(hint.__args__[0], item, where) for item in value)
    if hint is float and isinstance(value, (int, str)) and not isinstance(value, bool):
        try:
            return float(value)  # YAML takes 1e-5 for text
        except ValueError:
            pass
    if hint is str and isinstance(value, bool):
        return "yes" if value else "no"  # YAML takes these words for true and false
    if type(value) is not hint:
        raise ValueError(f"{where} is {value!r}; expected {hint.__name__}.")
    return value
