"""The options of an animation as this host offers them: ours, and those of its own samplers and windows."""

from collections.abc import Collection
from dataclasses import dataclass

import comfy.context_windows
import comfy.samplers

from ..declaring import option
from ..method.windows import SCHEDULES
from ..options import AdapterStrength, Sampling, Size, Windows

# option reference_by
BY_ENCODER, BY_CLIP, BY_ADAPTER, BY_NOTHING = "appearance_encoder", "clip_image", "ip_adapter", "none"
STILL = (*SCHEDULES, "standard_static", "batched")  # context schedules that are the same at every step


def samplers() -> Collection[str]:
    """Returns the host's samplers, those that other packs have added included."""
    return comfy.samplers.KSampler.SAMPLERS


def schedulers() -> Collection[str]:
    """Returns the host's schedulers."""
    return comfy.samplers.KSampler.SCHEDULERS


def context_schedules() -> Collection[str]:
    """Returns the host's ways to lay windows over a clip."""
    return list(comfy.context_windows.CONTEXT_MAPPING)


def fuse_methods() -> Collection[str]:
    """Returns the host's ways to join predictions of shared frames."""
    return list(comfy.context_windows.ContextFuseMethods.LIST_STATIC)


@dataclass(frozen=True, kw_only=True)
class HostSampling(Sampling):
    """Sampling with any of the host's samplers and schedulers."""

    more_choices = {"sampler_name": samplers, "scheduler": schedulers}


@dataclass(frozen=True, kw_only=True)
class HostWindows(Windows):
    """Windows with the host's own schedules, several at a time."""

    more_choices = {"context_schedule": context_schedules, "fuse_method": fuse_methods}

    windows_per_batch: int = option(
        1, "Windows denoised in one go. More needs more memory and may be faster; the result is the same.", low=1, high=64
    )
    context_stride: int = option(
        1, "Largest step between a window's frames, as a power of two; ComfyUI's uniform schedules only.", low=1, high=16
    )
    closed_loop: bool = option(False, "Let windows run over the end of the clip into its beginning; looped_uniform only.")

    def __post_init__(self) -> None:
        super().__post_init__()
        schedule = self.context_schedule  # those of other packs may do with the options what they like
        if self.context_stride > 1 and schedule in STILL:
            raise ValueError(
                f"context_stride is {self.context_stride}, which has no effect on {schedule} windows: set it to 1, "
                "or context_schedule to one of ComfyUI's uniform ones."
            )
        if self.move_windows and schedule not in SCHEDULES:
            raise ValueError(
                f"move_windows has no effect on {schedule} windows, which are ComfyUI's own: switch it off, or set "
                f"context_schedule to {' or '.join(SCHEDULES)}."
            )
        if self.closed_loop and schedule in (*STILL, "standard_uniform"):
            raise ValueError(
                f"closed_loop has no effect on {schedule} windows: switch it off, or set context_schedule to looped_uniform."
            )


@dataclass(frozen=True, kw_only=True)
class HostSettings(AdapterStrength, Size, HostWindows, HostSampling):
    """All options of an animation in this host."""

    more_choices = HostSampling.more_choices | HostWindows.more_choices

    reference_by: str = option(
        BY_ENCODER,
        "What shows the photo to the model. appearance_encoder: as published. clip_image: CLIP's image tokens behind the "
        "prompt's, for weights that were trained so (Table 2b); needs clip_vision. ip_adapter: the tokens of an IP-Adapter "
        "(Table 2b); needs ip_adapter and clip_vision. none: nothing of this pack, for a MODEL that sees it otherwise "
        "(another pack's nodes).",
        choices=(BY_ENCODER, BY_CLIP, BY_ADAPTER, BY_NOTHING),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        usual = AdapterStrength().ip_adapter_scale
        if self.ip_adapter_scale != usual and self.reference_by != BY_ADAPTER:
            raise ValueError(
                f"ip_adapter_scale is {self.ip_adapter_scale:g}, which has no effect where reference_by is "
                f"{self.reference_by}: set it to {usual:g}, or reference_by to {BY_ADAPTER}."
            )
