"""Every option of an animation, once: name, default, words, limits, choices. Nodes, commands and both bodies read it."""

from dataclasses import dataclass

from .declaring import Options, option
from .media.densepose import ANY_COLOURS, AUTO_FORM, DENSEPOSE_COLOURS, POSE_FORMS
from .media.images import FITS, MULTIPLE, check_multiple
from .method.baselines import MAGICANIMATE, METHODS
from .method.noise import TIMESTEPS, check_steps
from .method.windows import FUSE_METHODS, OFFICIAL, SCHEDULES, check_window


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
        "official: the published timesteps. trailing: those that begin with nothing but noise, for few steps. "
        "align_your_steps: those that lost least with SD 1.5 at about ten steps.",
        choices=tuple(TIMESTEPS),
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
    guidance_start: float = option(
        0.0, "Where in the denoising guidance begins: 0 is pure noise, 1 the end. Steps before it take about half the work.",
        low=0.0, high=1.0, step=0.01,
    )  # fmt: skip
    guidance_end: float = option(
        1.0, "Where in the denoising guidance ends. Steps after it take about half the work.", low=0.0, high=1.0, step=0.01
    )
    guidance_every: int = option(
        1, "Compute guidance at every so many guided steps, and use it again at those between: about half their work.",
        low=1, high=100,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scheduler in TIMESTEPS:
            check_steps(self.scheduler, self.steps)
        if self.guidance_end < self.guidance_start:
            raise ValueError(
                f"guidance_end is {self.guidance_end}, before guidance_start ({self.guidance_start}): swap them."
            )


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
    move_windows: bool = option(
        False,
        "Move the windows on along the clip at each step, so that seams stay nowhere. Then context_overlap may be 0, "
        "which takes a quarter of the work off.",
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
class AdapterStrength(Options):
    """How much an IP-Adapter has to say."""

    ip_adapter_scale: float = option(
        1.0, "Factor on what an IP-Adapter's image tokens add; 0 switches them off.", low=0.0, high=10.0, step=0.01
    )


@dataclass(frozen=True, kw_only=True)
class Animator(AdapterStrength):
    """What animates: MagicAnimate, or what it is compared with."""

    method: str = option(
        MAGICANIMATE,
        "What animates. " + " ".join(f"{name}: {method.words}." for name, method in METHODS.items()),
        choices=tuple(METHODS),
    )
