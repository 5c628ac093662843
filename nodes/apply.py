"""The parts for graphs with the host's own samplers: reference image, pose video, sliding windows."""

from comfy_api.latest import io

from ..magicanimate_core.host.control import apply_pose
from ..magicanimate_core.host.sampling import reference_on_model
from ..magicanimate_core.host.sliding import SlidingWindows, apply_sliding_windows
from ..magicanimate_core.host.temporal import motion_module
from ..magicanimate_core.media.images import check_image
from .schema import (
    AppearanceEncoder,
    advanced_window_inputs,
    fit_input,
    schema,
    size_error,
    size_inputs,
    window_error,
    window_inputs,
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
                AppearanceEncoder.Input("appearance_encoder", tooltip="From Load Appearance Encoder."),
                io.Vae.Input("vae", tooltip="VAE of SD 1.5 (MagicAnimate was trained with sd-vae-ft-mse)."),
                io.Image.Input("reference_image", tooltip="One image: who is to move, and where."),
                *size_inputs(512, "the image's own size"),
                fit_input("the reference image"),
            ],
            outputs=[io.Model.Output(tooltip="The model with the reference. The model that went in is left as it was.")],
        )

    @classmethod
    def validate_inputs(cls, width: int | None = None, height: int | None = None) -> bool | str:
        return size_error(width, height) or True

    @classmethod
    def execute(
        cls, model, appearance_encoder, vae, reference_image, width: int = 512, height: int = 512, fit: str = "crop"
    ) -> io.NodeOutput:
        return io.NodeOutput(reference_on_model(model, appearance_encoder, vae, reference_image, width, height, fit))


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
                io.Float.Input(
                    "strength",
                    default=1.0,
                    min=0.0,
                    max=10.0,
                    step=0.01,
                    tooltip="Factor on the pose's influence; 0 switches it off.",
                ),
                io.Float.Input(
                    "start_percent",
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.001,
                    tooltip="Where in the denoising the pose begins to count: 0 is pure noise, 1 the end.",
                ),
                io.Float.Input(
                    "end_percent",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.001,
                    tooltip="Where in the denoising the pose stops to count.",
                ),
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
        cls,
        positive,
        negative,
        control_net,
        pose_video,
        strength: float = 1.0,
        start_percent: float = 0.0,
        end_percent: float = 1.0,
    ) -> io.NodeOutput:
        check_image(pose_video, "pose_video")
        return io.NodeOutput(*apply_pose(positive, negative, control_net, pose_video, strength, start_percent, end_percent))


class SlidingWindowsNode(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateContextWindows",
            display_name="Sliding Windows",
            description="Denoises a long clip in overlapping windows, so that memory does not grow with its length.",
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
        return window_error(context_length, context_overlap) or True

    @classmethod
    def execute(
        cls,
        model,
        context_length: int = 16,
        context_overlap: int = 4,
        context_schedule: str = "official",
        fuse_method: str = "flat",
        windows_per_batch: int = 1,
        context_stride: int = 1,
        closed_loop: bool = False,
    ) -> io.NodeOutput:
        windows = SlidingWindows(
            context_length,
            context_overlap,
            context_schedule,
            fuse_method,
            context_stride,
            closed_loop,
            windows_per_batch,
        )
        motion = motion_module(model)
        return io.NodeOutput(apply_sliding_windows(model, windows, motion and motion.layout.max_length))


NODES = [ApplyReferenceImage, ApplyPoseVideo, SlidingWindowsNode]
