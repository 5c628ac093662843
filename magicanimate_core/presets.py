"""Values for many options at once: less work than the published settings, each at a price that was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from .declaring import Options, option
from .method.noise import ALIGNED

AS_PUBLISHED = "published"  # every option as the published results have it
APART = {"context_overlap": 0, "move_windows": True}  # windows that share no frame, and stay nowhere
FEW = {"scheduler": ALIGNED}  # timesteps for few steps; evenly spaced ones flicker more
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        AS_PUBLISHED: {},
        "balanced": {"steps": 10, **FEW, **APART},
        "fast": {"steps": 6, "guidance_every": 2, **FEW, **APART},
        "draft": {"steps": 4, "guidance_every": 2, **FEW, **APART},
    }
)
Chosen = TypeVar("Chosen", bound=Options)


@dataclass(frozen=True, kw_only=True)
class Presets(Options):
    """Values for many options at once."""

    preset: str = option(
        AS_PUBLISHED,
        "Less work, by other values for what is left at its default. published: none. balanced: 0.31 of the published "
        "work, 10 steps and moving windows without overlap. fast: 0.15, 6 steps, 3 of them guided. draft: 0.10, 4 steps, "
        "2 of them guided. The price: detail, the fewer steps the more; no likeness with the demo model, which alone was "
        "measured.",
        choices=tuple(PRESETS),
    )


def with_preset(settings: Chosen, preset: str) -> Chosen:
    """Returns settings with the values of a preset, wherever they have the default; what was set otherwise stays.

    Raises ValueError where the two cannot be used together.
    """
    values, defaults = PRESETS[preset].items(), type(settings)()
    changes = {name: value for name, value in values if getattr(settings, name) == getattr(defaults, name)}
    try:
        return replace(settings, **changes)
    except ValueError as error:
        raise ValueError(f"preset {preset}: {error}") from error
