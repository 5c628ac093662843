"""How everything is trained: sections of captioned, checked settings. config.yaml shows all of them (config_files.py)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ..media.images import FITS
from ..method.noise import MOST_STEPS, TIMESTEPS, TRAIN_TIMESTEPS
from ..weights.architecture import HINT_WIDTHS
from ..weights.prediction import PREDICTIONS
from .batches import Drawing
from .distil.settings import Distil
from .draws import Joint
from .from_nothing.vae import VaeSettings
from .objective import WEIGHTINGS
from .run.settings import RunSettings
from .sections import Rule, Section, above, at_least, between, each, multiple_of, one_of, setting

NORM_GROUPS = 32  # of a UNet's norms


@dataclass(frozen=True, kw_only=True)
class ModelFiles(Section):
    """Where the weights come from that a stage starts with."""

    name: ClassVar[str] = "model"

    base: str = setting("", "Stable Diffusion 1.5: a diffusers folder or a single file. Frozen in stages 1 and 2")
    vae: str = setting("", "in place of the base model's own; published: sd-vae-ft-mse")
    magicanimate: str = setting(
        "",
        "a folder of published (or exported) weights to go on from; what is missing in it begins\n"
        "as in the paper: encoder a copy of the base UNet, ControlNet of its way down, temporal zero",
    )
    widths: tuple[int, ...] = setting(
        (),
        "only without a base: channels of each level of a new, untrained UNet (stage scratch)",
        each(multiple_of(NORM_GROUPS)),
    )
    attention: tuple[bool, ...] = setting((True, True, True, False), "of a new UNet: levels with attention")
    layers: int = setting(2, "of a new UNet: ResNet blocks of a level", at_least(1))
    context_width: int = setting(768, "of a new UNet: width of text tokens", at_least(1))
    hint_widths: tuple[int, ...] = setting(
        HINT_WIDTHS,
        "of a new ControlNet: channels of its pose embedding, half of its work at these widths",
        each(at_least(1), 4),  # each but the first halves the picture, down to the latents
    )
    prediction: str = setting(
        "",
        "epsilon, or v_prediction (a new UNet's choice: small nets learn it sooner). Empty: as the base\n"
        "model says, epsilon where it says nothing or is new",
        one_of(["", *PREDICTIONS]),
    )

    def __post_init__(self) -> None:
        """Raises ValueError for values that cannot be used, alone or together."""
        super().__post_init__()
        if self.widths and (len(self.attention) != len(self.widths) or not any(self.attention)):
            raise ValueError(
                f"model.attention is {list(self.attention)}; expected {len(self.widths)} values as in model.widths, one of "
                "them true: the reference image is read by attention."
            )


@dataclass(frozen=True, kw_only=True)
class Data(Section):
    """What is trained on."""

    name: ClassVar[str] = "data"

    clips: str = setting(
        "",
        "folder of NAME/video.mp4 + NAME/densepose.mp4 (or folders of frames), WebDataset shards\n"
        '("shards/{000..099}.tar"), or drawn people ("dancers:train?clips=600&frames=24")',
    )
    images: str = setting(
        "",
        'image set of the joint training: NAME.png + NAME_densepose.png, shards, drawn ones ("dancers:train?stills=600")',
    )
    height: int = setting(512, "pixels, multiples of 8", multiple_of(8))
    width: int = setting(512, rule=multiple_of(8))
    fit: str = setting("crop", "crop, pad or stretch to that size", one_of(FITS))
    cache: str = setting("", "folder: encode everything once and keep the latents in memory. For small sets")


@dataclass(frozen=True, kw_only=True)
class LossSettings(Section):
    """What is added up: the paper's error, and help for nets from nothing."""

    name: ClassVar[str] = "loss"

    weighting: str = setting(
        "eps",
        "eps: Eq. 5 and 6 as printed. min_snr (Hang et al., 2023) or v (Salimans & Ho, 2022) count\n"
        "timesteps differently: faster where training is short. Stage distil: always v",
        one_of(WEIGHTINGS),
    )
    person: float = setting(
        1.0, "what an error on the person, in the reference or the target, counts for (Eq. 5 and 6: 1)", above(0)
    )
    change: float = setting(
        0.0, "and an error of the change from frame to frame, beside Eq. 6: flicker. Stages 2 and distil", at_least(0)
    )
    match: float = setting(
        0.0,
        "weight of a second task for nets from nothing, which must first learn what a body is: hybrid\n"
        "attention must look at the same part of the body in the reference, or at the same background",
        at_least(0),
    )
    appearance: float = setting(
        0.0,
        "and of a third: what each hybrid attention brings must tell the target's latents, what it reads\n"
        "the reference's, to a linear layer that is not exported. demo/README.md has what it gained",
        at_least(0),
    )

    @property
    def guided(self) -> bool:
        """Whether attention has tasks of its own."""
        return bool(self.match or self.appearance)

    @property
    def helped(self) -> bool:
        """Whether anything is asked for that Eq. 5 and 6 do not have."""
        return self.guided or self.person != 1 or self.change != 0


@dataclass(frozen=True, kw_only=True)
class Validation(Section):
    """Clips that the model in training makes."""

    name: ClassVar[str] = "validation"

    clips: str = setting("", "like data.clips; the first frame animates along the clip's own poses")
    items: int = setting(2, "clips", at_least(1))
    frames: int = setting(16, "of each", at_least(1))
    steps: int = setting(25, "denoising steps", between(1, TRAIN_TIMESTEPS - 1))
    cfg: float = setting(7.5, rule=at_least(0))
    scheduler: str = setting("official", "timesteps. Stage distil: its own steps, trailing, cfg 1", one_of(TIMESTEPS))

    def __post_init__(self) -> None:
        """Raises ValueError for values that cannot be used, alone or together."""
        super().__post_init__()
        most = MOST_STEPS.get(self.scheduler, self.steps)
        if self.steps > most:
            raise ValueError(f"validation.steps is {self.steps}; expected at most {most} with {self.scheduler} timesteps.")


SEED = Rule(lambda value: 0 <= value < 2**64, "0 or more, below 2**64")


@dataclass(frozen=True, kw_only=True)
class Config(Section):
    """Everything that decides a run."""

    seed: int = setting(0, "of new weights and of every draw; the same seed gives the same run", SEED)
    model: ModelFiles = field(default_factory=ModelFiles)
    data: Data = field(default_factory=Data)
    joint: Joint = field(default_factory=Joint)
    drawing: Drawing = field(default_factory=Drawing)
    loss: LossSettings = field(default_factory=LossSettings)
    run: RunSettings = field(default_factory=RunSettings)
    validation: Validation = field(default_factory=Validation)
    vae: VaeSettings = field(default_factory=VaeSettings)
    distil: Distil = field(default_factory=Distil)

    def __post_init__(self) -> None:
        """Raises ValueError for sections that cannot be used together."""
        super().__post_init__()
        if self.loss.guided and self.run.gradient_checkpointing:
            raise ValueError(
                "loss.match and loss.appearance cannot watch blocks that are computed twice: "
                "switch run.gradient_checkpointing off."
            )


def check_files(config: Config) -> None:
    """Raises FileNotFoundError or ValueError for files that are not there, before anything heavy begins."""
    for name in ("base", "vae", "magicanimate"):
        path = getattr(config.model, name)
        if path and not Path(path).exists():
            raise FileNotFoundError(f"model.{name} {path} does not exist.")
    if not config.data.clips:
        raise ValueError(
            "data.clips is empty; expected a folder of clips, shards, or drawn people (dancers:train?clips=600)."
        )
