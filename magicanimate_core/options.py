"""Every option of an animation, once: name, default, words, limits, choices. Nodes, commands and both bodies read it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar

from .media.densepose import ANY_COLOURS, AUTO_FORM, DENSEPOSE_COLOURS, POSE_FORMS
from .media.images import FITS, MULTIPLE, check_multiple
from .method.baselines import MAGICANIMATE, METHODS
from .method.noise import SPACINGS, check_steps
from .method.windows import FUSE_METHODS, OFFICIAL, SCHEDULES, check_window


def option(default: Any, words: str, **limits: Any) -> Any:
    """Declares an option. limits: `low` and `high` (inclusive), `step` and `round`, `choices`."""
    return field(default=default, metadata={"words": words, **limits})


@dataclass(frozen=True, kw_only=True)
class Options:
    """Values that were checked: a group that exists can be used. Raises ValueError, with what was expected."""

    more_choices: ClassVar[Mapping[str, Callable[[], Collection[str]]]] = {}  # what a host offers beyond ours, by option

    def __post_init__(self) -> None:
        for declared in fields(self):
            check_value(declared, getattr(self, declared.name), self.choices(declared.name))

    @classmethod
    def choices(cls, name: str) -> list[str]:
        """Returns what an option may be, the host's offers last; empty for a number."""
        declared = next(f for f in fields(cls) if f.name == name)
        return list(dict.fromkeys([*declared.metadata.get("choices", ()), *cls.more_choices.get(name, tuple)()]))


@dataclass(frozen=True, kw_only=True)
class Sampling(Options):
    """How noise becomes frames."""

    seed: int = option(0, "Seed of the noise.", low=0, high=2**64 - 1)
    steps: int = option(25, "Denoising steps; the published results use 25.", low=1, high=10000)
    cfg: float = option(
        7.5, "Guidance scale; the published results use 7.5. 1 halves the work.", low=0.0, high=100.0, step=0.1, round=0.01
    )
    sampler_name: str = option("ddim", "ddim: the published sampler.", choices=("ddim",))
    scheduler: str = option(
        OFFICIAL,
        "official: the published timesteps. trailing: those that begin with nothing but noise, for few steps.",
        choices=tuple(SPACINGS),
    )
    pose_strength: float = option(1.0, "Factor on the pose's influence; 0 switches it off.", low=0.0, high=10.0, step=0.01)
    pose_colours: str = option(
        DENSEPOSE_COLOURS,
        "densepose: a pose video in other colours than MagicAnimate's is refused before the run. "
        "any: for ControlNets that read other pictures.",
        choices=(DENSEPOSE_COLOURS, ANY_COLOURS),
    )
    shared_noise: bool = option(
        True,
        "Start all windows from the same noise (Sec. 3.3): steadier. "
        "Off: every frame its own, so that no two segments start alike (Table 2e).",
    )
    temporal_attention: bool = option(
        True, "Off: single frames, each made without a look at the others; they flicker (Table 2a)."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scheduler in SPACINGS:
            check_steps(self.scheduler, self.steps)


@dataclass(frozen=True, kw_only=True)
class Windows(Options):
    """Which frames are denoised together."""

    context_length: int = option(
        16,
        "Frames in a window. The published weights are trained for 16 and know positions for 24. "
        "Memory grows with it, hardly with the length of the clip.",
        low=1,
        high=128,
    )
    context_overlap: int = option(
        4, "Frames that neighbouring windows share, less than context_length. More: smoother and slower.", low=0, high=127
    )
    context_schedule: str = option(
        OFFICIAL,
        "official: what the published code does (a ring; the last window wraps to the first frames). "
        "paper: segments as in Sec. 3.3, a short last one filled with the first frames.",
        choices=tuple(SCHEDULES),
    )
    fuse_method: str = option(
        "flat",
        "How predictions of shared frames are joined. flat: plain average, as in the paper. "
        "pyramid: the middle of a window counts for more. none: not at all, each frame is the first window's that has it "
        "(Table 2d); seams show.",
        choices=tuple(FUSE_METHODS),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_window()

    def check_window(self, max_length: int | None = None) -> None:
        """Raises ValueError for a window that cannot be, or is longer than the positions that temporal layers know."""
        check_window(self.context_length, self.context_overlap, max_length)


@dataclass(frozen=True, kw_only=True)
class Size(Options):
    """The frames' size in pixels, and how photo and pose video get there."""

    width: int = option(
        0, "Width in pixels, a multiple of 8. 0: that of the pose video, rounded to a multiple of 8.",
        low=0, high=16384, step=MULTIPLE,
    )  # fmt: skip
    height: int = option(
        0, "Height in pixels, a multiple of 8. 0: that of the pose video, rounded to a multiple of 8.",
        low=0, high=16384, step=MULTIPLE,
    )  # fmt: skip
    fit: str = option(
        "crop",
        "How reference image and pose video are brought to the size. crop: keep proportions and the middle; "
        "stretch: ignore proportions, as the published code does; pad: keep everything, add borders.",
        choices=FITS,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_multiple("width", self.width)
        check_multiple("height", self.height)


@dataclass(frozen=True, kw_only=True)
class Settings(Size, Windows, Sampling):
    """All options of an animation."""


@dataclass(frozen=True, kw_only=True)
class PoseWork(Options):
    """How a pose video is prepared."""

    form: str = option(
        AUTO_FORM,
        "The colours that the pose video comes in. auto: recognised by a few frames.",
        choices=(AUTO_FORM, *POSE_FORMS),
    )
    snap: bool = option(
        True, "Sharp parts where a codec or a resize has blurred their colours. Off: colours stay as they come."
    )
    steady: float = option(
        0.5, "Calms parts that flicker where the figure hardly moves; 0 switches it off.", low=0.0, high=1.0, step=0.05
    )
    fill_gaps: bool = option(
        True, "Makes frames in which nobody was found from their neighbours; gaps of more than 25 frames stay empty."
    )


@dataclass(frozen=True, kw_only=True)
class Aligning(Options):
    """How far a pose video is brought to the photo's body."""

    strength: float = option(
        1.0, "How far the clip is brought to the photo's place and body: 0 leaves it as it is, 1 goes all the way.",
        low=0.0, high=1.0, step=0.05,
    )  # fmt: skip
    proportions: bool = option(
        True, "Also give limbs the photo's lengths, where these can be trusted. Off: one scale and shift for the whole clip."
    )


@dataclass(frozen=True, kw_only=True)
class Animator(Options):
    """What animates: MagicAnimate, or what it is compared with."""

    method: str = option(
        MAGICANIMATE,
        "What animates. " + " ".join(f"{name}: {method.words}." for name, method in METHODS.items()),
        choices=tuple(METHODS),
    )
    ip_adapter_scale: float = option(
        1.0, "Factor on what an IP-Adapter's image tokens add; 0 switches them off.", low=0.0, high=10.0, step=0.01
    )


def check_value(declared: Field, value: Any, choices: Collection[str]) -> None:
    """Raises ValueError where a value is of another kind than its option, out of its limits, or none of its choices."""
    name, kind = declared.name, type(declared.default)
    if not isinstance(value, (int, float) if kind is float else kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{name} is {value!r}; expected {KIND_WORDS[kind]}.")
    if choices and value not in choices:
        raise ValueError(f"{name} is {value}; expected one of {', '.join(choices)}.")
    low, high = declared.metadata.get("low"), declared.metadata.get("high")
    if low is not None and not low <= value <= high:  # refuses nan, too
        raise ValueError(f"{name} is {value}; expected {low:n} to {high:n}.")


KIND_WORDS = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
