"""The parts for graphs with the host's own samplers: reference image, pose video, sliding windows."""

from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.advice import with_advice
from ..magicanimate_core.host.latents import check_latents
from ..magicanimate_core.host.long_clip import apply_windows
from ..magicanimate_core.host.options import HostWindows
from ..magicanimate_core.host.pose import apply_pose
from ..magicanimate_core.host.reference import apply_reference_image, check_reference
from ..magicanimate_core.media.densepose import ANY_COLOURS, DENSEPOSE_COLOURS
from ..magicanimate_core.options import Size
from ..magicanimate_core.pose.colours import check_pose_video
from .checks import Checked, CheckedWindows, late
from .queued import HIDDEN_INPUTS, queued_value
from .schema import (
    ADVANCED,
    AppearanceEncoderType,
    advanced_window_inputs,
    given,
    inputs,
    schema,
    window_inputs,
)

SIDE_WORDS = "{} in pixels, a multiple of 8. 0: the image's own size, rounded to a multiple of 8."
FIT = (
    "How the reference image is brought to the size. crop: keep proportions and the middle; stretch: ignore proportions, "
    "as the published code does; pad: keep everything, add borders."
)


class ApplyReferenceImage(Checked):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateApplyReference",
            display_name="Apply Reference Image",
            description="Lets the model see the reference image in its self-attention (hybrid attention, Eq. 2), in the "
            "positive conditioning only.",
            search_aliases=["reference image", "identity", "hybrid attention", "magic animate"],
            inputs=[
                *late(_reference_inputs()),
                *inputs("width", default=512, tooltip=SIDE_WORDS.format("Width")),
                *inputs("height", default=512, tooltip=SIDE_WORDS.format("Height")),
                *inputs("fit", optional=True, tooltip=FIT),
            ],
            outputs=[io.Model.Output(tooltip="The model with the reference. The model that went in is left as it was.")],
        )

    @classmethod
    def check_options(cls, **inputs: Any) -> None:
        """Raises ValueError for a size that cannot be."""
        Size(**given(Size, inputs))

    @classmethod
    def check_pictures(cls, reference_image: Any = None, **inputs: Any) -> None:
        """Raises ValueError for what is no reference image."""
        check_reference(reference_image)

    @classmethod
    def execute(
        cls, model: Any, appearance_encoder: Any, vae: Any, reference_image: Any, width: int = 512, height: int = 512,
        fit: str = "crop",
    ) -> io.NodeOutput:  # fmt: skip
        check_latents(model, vae)
        size = {"width": width, "height": height, "fit": fit}
        return io.NodeOutput(with_advice(apply_reference_image(model, appearance_encoder, vae, reference_image, **size)))


def _reference_inputs() -> list[io.Input]:
    return [
        io.Model.Input("model", tooltip="Stable Diffusion 1.5, usually from Load Temporal UNet."),
        AppearanceEncoderType.Input("appearance_encoder", tooltip="From Load Appearance Encoder."),
        io.Vae.Input("vae", tooltip="VAE of SD 1.5 (MagicAnimate was trained with sd-vae-ft-mse)."),
        io.Image.Input("reference_image", tooltip="One image: who is to move, and where."),
    ]


class ApplyPoseVideo(Checked):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateApplyPose",
            display_name="Apply Pose Video",
            description="Attaches a pose video to both conditionings. Every window is steered by its own frames, and both "
            "conditionings by the residuals of the positive one, as in MagicAnimate.",
            search_aliases=["densepose", "pose video", "controlnet video", "magic animate"],
            inputs=[*late(_guided_inputs()), *_pose_inputs()],
            outputs=[io.Conditioning.Output(display_name="positive"), io.Conditioning.Output(display_name="negative")],
            hidden=HIDDEN_INPUTS,
        )

    @classmethod
    def validate_inputs(cls, end_percent: float | None = None) -> bool | str:
        return _span_problem(queued_value(cls, "start_percent"), end_percent) or True

    @classmethod
    def check_options(
        cls, start_percent: float | None = None, end_percent: float | None = None, **inputs: Any
    ) -> None:  # fmt: skip
        """Raises ValueError for an end before the start."""
        trouble = _span_problem(start_percent, end_percent)
        if trouble:
            raise ValueError(trouble)

    @classmethod
    def check_pictures(
        cls, pose_video: Any = None, strength: float = 1.0, pose_colours: str = DENSEPOSE_COLOURS, **inputs: Any
    ) -> None:  # fmt: skip
        """Raises ValueError for what is no pose video."""
        check_pose_video(pose_video, pose_colours if strength else ANY_COLOURS)

    @classmethod
    def execute(
        cls, positive: list, negative: list, control_net: Any, pose_video: Any, strength: float = 1.0,
        start_percent: float = 0.0, end_percent: float = 1.0, pose_colours: str = DENSEPOSE_COLOURS,
    ) -> io.NodeOutput:  # fmt: skip
        when = {"start_percent": start_percent, "end_percent": end_percent}
        cls.check_options(**when)
        cls.check_pictures(pose_video, strength, pose_colours)
        return io.NodeOutput(*apply_pose(positive, negative, control_net, pose_video[..., :3], strength=strength, **when))


def _span_problem(start: float | None, end: float | None) -> str | None:
    """What is wrong with a part of the denoising; an end that is not known yet (None) is not."""
    if end is None:
        return None
    if not 0 <= end <= 1:
        return f"end_percent is {end}; expected 0 to 1."
    if start is not None and end < start <= 1:
        return f"end_percent is {end}, before start_percent ({start}): swap them."
    return None


def _guided_inputs() -> list[io.Input]:
    shown = "One DensePose image per frame, or one for all frames. Images of another size are brought to the latent's size."
    return [
        io.Conditioning.Input("positive"),
        io.Conditioning.Input("negative"),
        io.ControlNet.Input("control_net", tooltip="From Load DensePose ControlNet."),
        io.Image.Input("pose_video", tooltip=shown),
    ]


def _pose_inputs() -> list[io.Input]:
    share = {"min": 0.0, "max": 1.0, "step": 0.001}
    begin = "Where in the denoising the pose begins to count: 0 is pure noise, 1 the end."
    return [
        *inputs("pose_strength", id="strength"),
        io.Float.Input("start_percent", default=0.0, tooltip=begin, **share),
        io.Float.Input("end_percent", default=1.0, tooltip="Where in the denoising the pose stops to count.", **share),
        *inputs("pose_colours", optional=True, extra_dict=ADVANCED),
    ]


class ApplySlidingWindows(CheckedWindows):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateContextWindows",
            display_name="Sliding Windows",
            description="Denoises a long clip in overlapping windows, so that the net's memory stays the same.",
            search_aliases=["context windows", "sliding window", "long video", "magic animate"],
            inputs=[
                *late([io.Model.Input("model", tooltip="From Load Temporal UNet.")]),
                *window_inputs(),
                *advanced_window_inputs(),
                *inputs("move_windows", optional=True, extra_dict=ADVANCED),
            ],
            outputs=[io.Model.Output(tooltip="The model with windows. The model that went in is left as it was.")],
            hidden=HIDDEN_INPUTS,
        )

    @classmethod
    def execute(cls, model: Any, **options: Any) -> io.NodeOutput:
        return io.NodeOutput(with_advice(apply_windows(model, HostWindows(**options))))


NODES = [ApplyReferenceImage, ApplyPoseVideo, ApplySlidingWindows]
