"""How good an animation is, where the true frames are known."""

from typing import Any

import comfy.model_management as mm
import torch
from comfy.utils import ProgressBar
from comfy_api.latest import io

from ..magicanimate_core.evaluation.images import check_images, check_packages, plan_images, reads
from ..magicanimate_core.evaluation.report.picture import picture
from ..magicanimate_core.evaluation.report.words import in_words
from .checks import Checked, late, plain_errors
from .folders import evaluation_places
from .schema import schema

EVALUATION_BYTES = 4 << 30  # bytes for all networks of the evaluation, and what they keep at once


class EvaluateAnimation(Checked):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateEvaluate",
            display_name="Evaluate Animation",
            description="Compares an animation with the true frames, one by one: L1, PSNR and SSIM, as published and "
            "computed correctly, with a plot over the frames; LPIPS, FID and others where their networks lie.",
            search_aliases=["metrics", "psnr", "ssim", "l1", "compare", "benchmark", "magic animate"],
            inputs=late(
                [
                    io.Image.Input("generated", tooltip="The frames of the animation."),
                    io.Image.Input("ground_truth", tooltip="The true frames of the same moments, as many."),
                ]
            ),
            outputs=[
                io.String.Output(display_name="report", tooltip="All numbers in words, for Preview as Text."),
                io.Image.Output(display_name="plot", tooltip="One picture: every metric over the frames."),
            ],
        )

    @classmethod
    def check_options(cls, **inputs: Any) -> None:
        """Raises ValueError where a library is missing, before the animation is made."""
        check_packages()

    @classmethod
    def execute(cls, generated: Any, ground_truth: Any) -> io.NodeOutput:
        check_packages()
        check_images(generated, ground_truth)
        with plain_errors():
            results, values = _measured(generated, ground_truth)
        report = in_words(results, values)
        drawn = picture(results, values, report.splitlines()[0])
        return io.NodeOutput(report, torch.from_numpy(drawn.copy())[None].float() / 255)


def _measured(generated: Any, ground_truth: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Results of one clip, and the values of its frames, under the host's bar. Raises ValueError."""
    from ..magicanimate_core.evaluation.run import evaluate  # with libraries that may be missing

    def seen() -> None:
        mm.throw_exception_if_processing_interrupted()
        bar.update(1)

    planned = plan_images(generated, ground_truth, evaluation_places(), seen)
    bar, device = ProgressBar(reads(planned)), mm.get_torch_device()
    if planned.networks:
        mm.free_memory(EVALUATION_BYTES, device)
    results, curves = evaluate(planned, device)
    return results, next(iter(curves.values()), {})


NODES = [EvaluateAnimation]
