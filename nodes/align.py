"""A pose video brought to the photo's place and body."""

from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.aligning import align_pose
from ..magicanimate_core.options import Aligning
from .schema import inputs, schema


class AlignPose(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateAlignPose",
            display_name="Align Pose to Photo",
            description="Brings a DensePose video to the place, size and proportions of the person in the photo: a driver "
            "who stands elsewhere or is built otherwise is the most frequent cause of lost likeness.",
            search_aliases=["retarget", "align pose", "densepose", "proportions", "magic animate"],
            inputs=[
                io.Image.Input("pose_video", tooltip="DensePose frames in MagicAnimate's colours."),
                io.Image.Input("photo_pose", tooltip="DensePose of the photo, one picture in the same colours."),
                *inputs(group=Aligning),
            ],
            outputs=[
                io.Image.Output(display_name="pose_video", tooltip="The frames, aligned, at the size they had."),
                io.String.Output(display_name="report", tooltip="What was done, and why not more."),
                io.Image.Output(display_name="preview", tooltip="The first frame's outline over the photo's pose."),
            ],
        )

    @classmethod
    def execute(
        cls, pose_video: Any, photo_pose: Any, strength: float = 1.0, proportions: bool = True
    ) -> io.NodeOutput:  # fmt: skip
        return io.NodeOutput(*align_pose(pose_video, photo_pose, Aligning(strength=strength, proportions=proportions)))


NODES = [AlignPose]
