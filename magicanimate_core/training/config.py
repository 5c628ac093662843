"""One captioned file says how everything is trained: training/config.yaml shows all options with what they do."""

from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from ..weights.architecture import HINT_WIDTHS
from ..weights.published import PREDICTIONS
from .animation import Loss
from .batches import Drawing
from .draws import Joint
from .from_nothing.vae import VaeSettings
from .run.loop import Run

WEIGHTINGS = ("eps", "min_snr", "v")
STAGES = ("vae", "scratch", "1", "2", "decoder")


@dataclass(frozen=True)
class ModelFiles:
    """Where the weights come from that a stage starts with."""

    base: str = ""
    vae: str = ""
    magicanimate: str = ""
    widths: tuple[int, ...] = ()
    layers: int = 2
    attention: tuple[bool, ...] = (True, True, True, False)
    context_width: int = 768
    hint_widths: tuple[int, ...] = HINT_WIDTHS
    prediction: str = "epsilon"


@dataclass(frozen=True)
class Data:
    clips: str = ""
    images: str = ""
    height: int = 512
    width: int = 512
    fit: str = "crop"
    cache: str = ""


@dataclass(frozen=True)
class Validation:
    clips: str = ""
    items: int = 2
    frames: int = 16
    steps: int = 25
    cfg: float = 7.5


@dataclass(frozen=True)
class Config:
    seed: int = 0
    model: ModelFiles = field(default_factory=ModelFiles)
    data: Data = field(default_factory=Data)
    joint: Joint = field(default_factory=Joint)
    drawing: Drawing = field(default_factory=Drawing)
    loss: Loss = field(default_factory=Loss)
    run: Run = field(default_factory=Run)
    vae: VaeSettings = field(default_factory=VaeSettings)
    validation: Validation = field(default_factory=Validation)


def check(config: Config) -> None:
    """Raises ValueError or FileNotFoundError for what cannot work, before anything heavy begins."""
    joint, drawing, data = config.joint, config.drawing, config.data
    for name in ("base", "vae", "magicanimate"):
        path = getattr(config.model, name)
        if path and not Path(path).exists():
            raise FileNotFoundError(f"model.{name} {path} does not exist.")
    for name in ("height", "width"):
        if getattr(data, name) % 8 or getattr(data, name) < 8:
            raise ValueError(f"data.{name} is {getattr(data, name)}; expected a multiple of 8.")
    if not data.clips:
        raise ValueError(
            "data.clips is empty; expected a folder of clips, shards, or drawn people (dancers:train?clips=600)."
        )
    if not 0 <= joint.tau_0 <= 1 or not 0 <= joint.tau_1 <= joint.tau_2 <= 1:
        raise ValueError("joint: expected 0 <= tau_0 <= 1 and 0 <= tau_1 <= tau_2 <= 1.")
    if not 2 <= drawing.frames <= 24:
        raise ValueError(
            f"drawing.frames is {drawing.frames}; expected 2 to 24, as far as the temporal layers' positions go."
        )
    if not 1 <= drawing.stride[0] <= drawing.stride[-1] or len(drawing.stride) != 2:
        raise ValueError(f"drawing.stride is {list(drawing.stride)}; expected the least and the most, for example [1, 4].")
    if min(drawing.batch, drawing.targets, drawing.image_batch, config.run.steps, config.run.accumulate) < 1:
        raise ValueError("drawing.batch, targets, image_batch, run.steps and accumulate must be 1 or more.")
    if config.model.prediction not in PREDICTIONS:
        raise ValueError(f"model.prediction is {config.model.prediction}; there are {', '.join(PREDICTIONS)}.")
    if config.loss.guided and config.loss.gradient_checkpointing:
        raise ValueError(
            "loss.match and loss.appearance cannot watch blocks that are computed twice: "
            "switch loss.gradient_checkpointing off."
        )
    if config.loss.person <= 0 or min(config.loss.change, config.loss.match, config.loss.appearance) < 0:
        raise ValueError("loss.person must be above 0; loss.change, loss.match and loss.appearance 0 or more.")
    if not 0 <= drawing.rollout <= 1:
        raise ValueError(f"drawing.rollout is {drawing.rollout}; expected a share between 0 and 1.")
    if drawing.shift <= 0:
        raise ValueError(f"drawing.shift is {drawing.shift}; expected above 0, 1 for every timestep alike.")
    if min(config.vae.batch, config.vae.crops) < 1 or not 0 <= config.vae.person <= 1:
        raise ValueError("vae.batch and vae.crops must be 1 or more, vae.person between 0 and 1.")
    if config.loss.weighting not in WEIGHTINGS:
        raise ValueError(f"loss.weighting is {config.loss.weighting}; there are {', '.join(WEIGHTINGS)}.")


def read_config(path: Path, stage: str, changes: list[str] = ()) -> Config:
    """The config of a stage: the file, its `stages` section for this stage over it, `changes` ("run.steps=20") over both.

    Raises ValueError with one sentence for an unknown option or a value of the wrong kind.
    """
    if stage not in STAGES:
        raise ValueError(f"stage is {stage}; there are {', '.join(STAGES)}.")
    try:
        values = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is no YAML file: {str(error).splitlines()[0]}.") from error
    own = {str(name): section for name, section in values.pop("stages", {}).items()}
    for layer in (own.get(stage) or {}, *(_change(text) for text in changes)):
        values = _merged(values, layer)
    return _build(Config, values, path.name)


def _change(text: str) -> dict:
    name, separator, value = text.partition("=")
    if not separator:
        raise ValueError(f"{text} is no change; expected section.option=value, for example run.steps=20.")
    parsed = yaml.safe_load(value)
    for part in reversed(name.split(".")):
        parsed = {part: parsed}
    return parsed


def _merged(below: dict, above: dict) -> dict:
    out = dict(below)
    for key, value in above.items():
        out[key] = _merged(out.get(key) or {}, value) if isinstance(value, dict) else value
    return out


def _build(kind: type, values: Any, where: str):
    """A dataclass from what YAML gave; nested ones, too."""
    if not isinstance(values, dict):
        raise ValueError(f"{where} is {values!r}; expected options with values.")
    known = {f.name for f in fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"{where} has an unknown option {unknown[0]}; there are {', '.join(sorted(known))}.")
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], value, f"{where}: {name}") for name, value in values.items()})


def _value(hint: Any, value: Any, where: str):
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
    if type(value) is not hint:
        raise ValueError(f"{where} is {value!r}; expected {hint.__name__}.")
    return value
