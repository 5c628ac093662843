"""The parts for graphs with the host's own samplers: reference image, pose video, sliding windows."""

from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.long_clip import apply_windows
from ..magicanimate_core.host.options import HostWindows
from ..magicanimate_core.host.pose import apply_pose
from ..magicanimate_core.host.reference import apply_reference_image
from ..magicanimate_core.media.images import check_image
from .schema import (
    AppearanceEncoderType,
    advanced_window_inputs,
    inputs,
    schema,
    size_problem,
    window_inputs,
    window_problem,
)

SIDE = "{} in pixels, a multiple of 8. 0: the image's own size, rounded to a multiple of 8."
FIT = (
    "How the reference image is brought to the size. crop: keep proportions and the middle; stretch: ignore proportions, "
    "as the published code does; pad: keep everything, add borders."
)


class ApplyReferenceImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateApplyReference",
            display_name="Apply Reference Image",
            description="Lets the model see the reference image in its self-attention (hybrid attention, Eq. 2), in the "
            "positive conditioning only.",
            search_aliases=["reference image", "identity", "hybrid attention", "magic animate"],
            inputs=[
                io.Model.Input("model", tooltip="Stable Diffusion 1.5, usually from Load Temporal UNet."),
                AppearanceEncoderType.Input("appearance_encoder", tooltip="From Load Appearance Encoder."),
                io.Vae.Input("vae", tooltip="VAE of SD 1.5 (MagicAnimate was trained with sd-vae-ft-mse)."),
                io.Image.Input("reference_image", tooltip="One image: who is to move, and where."),
                *inputs("width", default=512, tooltip=SIDE.format("Width")),
                *inputs("height", default=512, tooltip=SIDE.format("Height")),
                *inputs("fit", optional=True, tooltip=FIT),
            ],
            outputs=[io.Model.Output(tooltip="The model with the reference. The model that went in is left as it was.")],
        )

    @classmethod
    def validate_inputs(cls, width: int | None = None, height: int | None = None) -> bool | str:
        return size_problem(width, height) or True

    @classmethod
    def execute(
        cls, model: Any, appearance_encoder: Any, vae: Any, reference_image: Any, width: int = 512, height: int = 512,
        fit: str = "crop",
    ) -> io.NodeOutput:  # fmt: skip
        size = {"width": width, "height": height, "fit": fit}
        return io.NodeOutput(apply_reference_image(model, appearance_encoder, vae, reference_image, **size))


class ApplyPoseVideo(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateApplyPose",
            display_name="Apply Pose Video",
            description="Attaches a pose video to both conditionings. Every window is steered by its own frames, and both "
            "conditionings by the residuals of the positive one, as in MagicAnimate.",
            search_aliases=["densepose", "pose video", "controlnet video", "magic animate"],
            inputs=[
                io.Conditioning.Input("positive"),
                io.Conditioning.Input("negative"),
                io.ControlNet.Input("control_net", tooltip="From Load DensePose ControlNet."),
                io.Image.Input(
                    "pose_video",
                    tooltip="One DensePose image per frame, or one for all frames. Images of "
                    "another size are brought to the latent's size.",
                ),
                *_pose_inputs(),
            ],
            outputs=[io.Conditioning.Output(display_name="positive"), io.Conditioning.Output(display_name="negative")],
        )

    @classmethod
    def validate_inputs(cls, start_percent: float | None = None, end_percent: float | None = None) -> bool | str:
        if start_percent is not None and end_percent is not None and start_percent > end_percent:
            return f"start_percent is {start_percent}, after end_percent ({end_percent}): swap them."
        return True

    @classmethod
    def execute(
        cls, positive: list, negative: list, control_net: Any, pose_video: Any, strength: float = 1.0,
        start_percent: float = 0.0, end_percent: float = 1.0,
    ) -> io.NodeOutput:  # fmt: skip
        check_image(pose_video, "pose_video")
        when = {"start_percent": start_percent, "end_percent": end_percent}
        return io.NodeOutput(*apply_pose(positive, negative, control_net, pose_video, strength=strength, **when))


def _pose_inputs() -> list[io.Input]:
    share = {"min": 0.0, "max": 1.0, "step": 0.001}
    begin = "Where in the denoising the pose begins to count: 0 is pure noise, 1 the end."
    return [
        *inputs("pose_strength", id="strength"),
        io.Float.Input("start_percent", default=0.0, tooltip=begin, **share),
        io.Float.Input("end_percent", default=1.0, tooltip="Where in the denoising the pose stops to count.", **share),
    ]


class ApplySlidingWindows(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateContextWindows",
            display_name="Sliding Windows",
            description="Denoises a long clip in overlapping windows, so that the net's memory does not grow with its length.",
            search_aliases=["context windows", "sliding window", "long video", "magic animate"],
            inputs=[
                io.Model.Input("model", tooltip="From Load Temporal UNet."),
                *window_inputs(),
                *advanced_window_inputs(),
            ],
            outputs=[io.Model.Output(tooltip="The model with windows. The model that went in is left as it was.")],
        )

    @classmethod
    def validate_inputs(cls, context_length: int | None = None, context_overlap: int | None = None) -> bool | str:
        return window_problem(context_length, context_overlap) or True

    @classmethod
    def execute(cls, model: Any, **options: Any) -> io.NodeOutput:
        return io.NodeOutput(apply_windows(model, HostWindows(**options)))


NODES = [ApplyReferenceImage, ApplyPoseVideo, ApplySlidingWindows]
