"""What a stage of training is: the columns of the table in stages.py."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..weights.made_for import MadeFor
from .animation import Animation
from .config import Config
from .from_nothing.objective import helped_as_asked
from .objective import Objective

Train = Callable[["Stage", Config, Path, Path | None], list[Path]]  # (stage, config, folder, earlier export) -> files


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A row of STAGES (stages.py)."""

    name: str
    about: str  # for the command's help
    trains: tuple[str, ...] = ()  # parts of the nets that learn (Sec. 3.4); everything else is frozen
    temporal: bool = False  # with temporal layers, on clips; else on single frames
    fresh: bool = False  # the base UNet is new: the ControlNet begins random, and the base model is exported, too
    objective: Callable[[Animation, Config], Objective] = helped_as_asked
    made_for: Callable[[Config], MadeFor | None] = lambda config: None  # how its nets are sampled, if in a way of their own
    train: Train
