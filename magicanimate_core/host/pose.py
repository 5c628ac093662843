"""A pose video on the host's conditionings."""

from comfy.controlnet import ControlBase, ControlNet
from torch import Tensor

from .control import PoseControl
from .unet import net_shape

Conditioning = list[list]  # the host's: pairs of text tokens (B, L, D) and a dict of options


def apply_pose(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    pose_video: Tensor,
    *,
    strength: float = 1.0,
    start_percent: float = 0.0,
    end_percent: float = 1.0,
) -> tuple[Conditioning, Conditioning]:
    """Attaches the pose video (F, H, W, 3) to both conditionings; returns (positive, negative).

    Raises ValueError for a ControlNet of another kind, or made for another text width.
    """
    control = PoseControl.from_controlnet(control_net)
    if strength == 0:
        return positive, negative
    _check_text(control, positive, negative)
    control.set_cond_hint(pose_video.movedim(-1, 1), strength, (start_percent, end_percent))
    chains: dict[ControlBase | None, ControlBase] = {}  # one for equal chains, so that the host batches both conditionings

    def attach(conditioning: Conditioning) -> Conditioning:
        out = []
        for text, options in conditioning:
            before = options.get("control")
            if before not in chains:
                chains[before] = control.copy().set_previous_controlnet(before)
            out.append([text, {**options, "control": chains[before], "control_apply_to_uncond": False}])
        return out

    return attach(positive), attach(negative)


def _check_text(control: PoseControl, *conditionings: Conditioning) -> None:
    """Raises ValueError for text of another width than the ControlNet reads."""
    expected = net_shape(control.control_model).context_width
    for conditioning in conditionings:
        for text, _ in conditioning:
            if text.shape[-1] != expected:
                raise ValueError(
                    f"The conditioning is {text.shape[-1]} wide, but this ControlNet reads {expected}-wide text: "
                    "encode the prompts with the CLIP of the same SD 1.5 checkpoint."
                )
