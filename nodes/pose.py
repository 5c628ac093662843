"""The pose video itself, before anything is animated along it."""

from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.preparing import prepare_pose_video
from ..magicanimate_core.options import PoseWork
from .checks import Checked, late
from .schema import given, inputs, schema


class PreparePoseVideo(Checked):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimatePreparePose",
            display_name="Prepare Pose Video",
            description="Brings DensePose in any colours (Parula, Inferno, IUV, part numbers, over a grey photo, red for "
            "blue) to MagicAnimate's, and repairs what codecs, resizes and missed people did to it.",
            search_aliases=["densepose", "pose video", "convert densepose", "parula", "iuv", "fix pose", "magic animate"],
            inputs=[
                *late([io.Image.Input("pose_video", tooltip="DensePose frames in any form that shows the 24 parts.")]),
                *inputs(group=PoseWork),
            ],
            outputs=[
                io.Image.Output(display_name="pose_video", tooltip="One frame for each that came, for Animate."),
                io.String.Output(display_name="report", tooltip="What was found and done, for Preview as Text."),
                io.Image.Output(display_name="preview", tooltip="A few frames: above as they came, below as they are now."),
            ],
        )

    @classmethod
    def check_options(cls, **inputs: Any) -> None:
        """Raises ValueError for options that cannot be used."""
        PoseWork(**given(PoseWork, inputs))

    @classmethod
    def execute(cls, pose_video: Any, **options: Any) -> io.NodeOutput:
        prepared, report, preview = prepare_pose_video(pose_video, PoseWork(**options))
        return io.NodeOutput(prepared, str(report), preview)


NODES = [PreparePoseVideo]
