"""A look at a run before it begins: windows, padding, noise, work and memory. It needs no model."""

from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.options import HostSettings
from ..magicanimate_core.host.reference import check_reference
from ..magicanimate_core.host.sliding import windows_of_steps
from ..magicanimate_core.media.images import check_image, target_size
from ..magicanimate_core.method.windows import padded_length
from ..magicanimate_core.plan.plan import make_plan
from ..magicanimate_core.plan.preview import preview
from ..magicanimate_core.presets import AS_PUBLISHED, with_preset
from .checks import CheckedWindows, late
from .queued import HIDDEN_INPUTS
from .schema import MAX_STEPS, advanced_window_inputs, inputs, less_work_inputs, schema, window_inputs


class PreviewPlan(CheckedWindows):
    OPTIONS = HostSettings

    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimatePlan",
            display_name="Preview the Plan",
            description="Shows what Animate will do with a pose video, before the long run: which frames share a window, "
            "what is padding, which noise each frame starts from, how much work and memory it takes, and what looks wrong.",
            search_aliases=["preview windows", "context windows", "estimate", "flops", "memory", "magic animate"],
            inputs=[*late(_pose_inputs()), *window_inputs(), *_optional_inputs()],
            outputs=[
                io.Image.Output(display_name="preview", tooltip="One picture, for Preview Image."),
                io.String.Output(display_name="report", tooltip="The same in words, for Preview as Text."),
            ],
            hidden=HIDDEN_INPUTS,
        )

    @classmethod
    def execute(
        cls, pose_video: Any, reference_image: Any = None, preset: str = AS_PUBLISHED, **options: Any
    ) -> io.NodeOutput:
        settings = with_preset(HostSettings(**options), preset)
        check_image(pose_video, "pose_video")
        if reference_image is not None:
            check_reference(reference_image)
        frames, size = pose_video.shape[0], target_size(settings.width, settings.height, pose_video)
        total = padded_length(settings.context_schedule, frames, settings.context_length)
        layouts, per_call = windows_of_steps(settings, total, settings.steps), settings.windows_per_batch
        plan = make_plan(frames, size, layouts, windows=settings, sampling=settings, per_call=per_call)
        return io.NodeOutput(*preview(plan, pose_video, reference_image, settings.fit))


def _pose_inputs() -> list[io.Input]:
    return [io.Image.Input("pose_video", tooltip="What Animate is to follow: the windows depend on its length.")]


def _optional_inputs() -> list[io.Input]:
    photo = io.Image.Input("reference_image", optional=True, tooltip="One image, under the first and the last pose.")
    others = ("steps", {"max": MAX_STEPS}), ("cfg", {}), ("shared_noise", {}), ("width", {}), ("height", {}), ("fit", {})
    same = [made for name, changes in others for made in inputs(name, optional=True, **changes)]
    return [*late([photo]), *same, *advanced_window_inputs(), *inputs("scheduler", optional=True), *less_work_inputs()]


NODES = [PreviewPlan]
