"""DensePose from a film, by a net that somebody has put there."""

from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host import densepose
from ..magicanimate_core.pose.detector import DETECT_SIZE, DETECT_WORDS, LARGEST, SMALLEST
from .checks import plain_errors
from .folders import densepose_choices, find_densepose
from .schema import DensePoseType, schema


class LoadDensePoseModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateDensePoseModelLoader",
            display_name="Load DensePose Model",
            description="Loads a DensePose net (TorchScript), which finds the parts of people in a film, or "
            "MediaPipe's pose landmarker, from whose joints bodies are drawn. Nothing is downloaded; a file of "
            "comfyui_controlnet_aux is used where it lies.",
            search_aliases=["densepose", "detectron2", "torchscript", "mediapipe", "magic animate"],
            inputs=[
                io.Combo.Input(
                    "densepose_model",
                    options=densepose_choices(),
                    tooltip="A .torchscript or .pt file in models/densepose, or in the folder of comfyui_controlnet_aux; or "
                    "MediaPipe's pose_landmarker .task, which needs the package mediapipe.",
                )
            ],
            outputs=[DensePoseType.Output(display_name="densepose_model", tooltip="For DensePose from Video.")],
        )

    @classmethod
    def execute(cls, densepose_model: str) -> io.NodeOutput:
        with plain_errors():
            return io.NodeOutput(densepose.load_densepose(find_densepose(densepose_model)))


class DensePoseFromVideo(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateDensePose",
            display_name="DensePose from Video",
            description="Makes the pose video that MagicAnimate needs from any film, or the DensePose of a photo: body "
            "parts in MagicAnimate's colours, at the frames' own size.",
            search_aliases=["densepose", "pose video", "preprocessor", "vid2densepose", "magic animate"],
            inputs=[
                DensePoseType.Input("densepose_model", tooltip="From Load DensePose Model."),
                io.Image.Input("images", tooltip="The frames of a film in order, or a photo."),
                io.Int.Input("detect_size", default=DETECT_SIZE, min=SMALLEST, max=LARGEST, step=8, tooltip=DETECT_WORDS),
            ],
            outputs=[
                io.Image.Output(display_name="pose_video", tooltip="A frame per frame, for Animate or Apply Pose Video.")
            ],
        )

    @classmethod
    def execute(cls, densepose_model: Any, images: Any, detect_size: int = DETECT_SIZE) -> io.NodeOutput:
        with plain_errors():
            return io.NodeOutput(densepose.densepose_video(densepose_model, images, detect_size))


NODES = [LoadDensePoseModel, DensePoseFromVideo]
