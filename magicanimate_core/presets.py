"""Values for many options at once: less work than the published settings, each at a price that was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from .declaring import Options, option

AS_PUBLISHED = "published"  # every option as the published results have it
APART = {"context_overlap": 0, "move_windows": True}  # windows that share no frame, and stay nowhere
MIDDLE = {"guidance_start": 0.1, "guidance_end": 0.6}  # of the denoising, where guidance says most
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        AS_PUBLISHED: {},
        "balanced": {"steps": 12, "scheduler": "trailing", **APART},
        "fast": {"steps": 6, "scheduler": "trailing", **APART, **MIDDLE},
        "draft": {"steps": 4, "scheduler": "trailing", **APART, **MIDDLE},
    }
)
Chosen = TypeVar("Chosen", bound=Options)


@dataclass(frozen=True, kw_only=True)
class Presets(Options):
    """Values for many options at once."""

    preset: str = option(
        AS_PUBLISHED,
        "Less work, by other values for what is left at its default. published: none. balanced: 0.37 of the published "
        "work, 12 steps and moving windows without overlap. fast: 0.15, 6 steps, 3 of them guided. draft: 0.10, 4 steps, "
        "2 of them guided.",
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
