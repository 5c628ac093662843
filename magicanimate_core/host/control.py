"""Pose control that follows the windows (Eq. 3): each frame's own pose, once per frame and step, conditional text."""

from collections.abc import Callable
from functools import partial
from typing import Any

import comfy.model_management as mm
import comfy.utils
import torch
from comfy.controlnet import ControlBase, ControlNet
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from torch import Tensor

from ..method.per_frame import PerFrame
from .run import Window, add_wrapper_once, padded_frames, run_of, window_of
from .unet import net_shape

Conditioning = list[list]  # the host's: pairs of text tokens (B, L, D) and a dict of options


class PoseControl(ControlNet):
    """The host's ControlNet, but every window gets its own frames' poses.

    Both conditionings of a frame get the residuals of its conditional row; a frame that several windows share is
    computed once, and its residuals wait, off the device, only as long as a coming window needs them.
    """

    @classmethod
    def from_controlnet(cls, control_net: ControlNet) -> "PoseControl":
        """Puts the weights of an SD 1.5 ControlNet under our rules. Raises ValueError for any other kind."""
        model = getattr(control_net, "control_model", None)
        shape = net_shape(model) if model is not None else None
        if not isinstance(control_net, ControlNet) or shape is None or control_net.latent_format:
            raise ValueError(
                f"control_net is {type(control_net).__name__}, no ControlNet of SD 1.5: "
                "load it with Load DensePose ControlNet (densepose_controlnet)."
            )
        control = cls(None, load_device=control_net.load_device, manual_cast_dtype=control_net.manual_cast_dtype)
        control.control_model, control.control_model_wrapped = model, control_net.control_model_wrapped
        control_net.copy_to(control)
        return control

    def copy(self) -> "PoseControl":
        """Returns a second one with the same weights and settings, as the host asks for."""
        return self.from_controlnet(self)

    @property
    def poses(self) -> Tensor:
        """The pose video (F, 3, H, W), RGB in [0, 1], where the user's video lies (off the device)."""
        return self.cond_hint_original

    def check_clip(self, frames: int, padded: Callable[[int], int]) -> None:
        """Raises ValueError unless there is a pose for each of the clip's frames (or one pose for all of them).

        padded: how many frames are denoised for a clip; the latent may have been padded before.
        """
        poses = self.poses.shape[0]
        if poses != 1 and frames not in (poses, padded(poses)):
            raise ValueError(
                f"The pose video has {poses} frames but the latent has {frames}: give the latent a batch size of {poses}."
            )

    def get_control(self, x_noisy: Tensor, t: Tensor, cond: dict, batched_number: int, transformer_options: dict):
        """Returns the host's residuals for x_noisy (B, 4, h, w), `batched_number` conditionings one after another."""
        previous = None
        if self.previous_controlnet is not None:
            previous = self.previous_controlnet.get_control(x_noisy, t, cond, batched_number, transformer_options)
        if self.timestep_range is not None and not self.timestep_range[1] <= t[0] <= self.timestep_range[0]:
            return previous

        rows = x_noisy.shape[0] // batched_number
        window = window_of(transformer_options, rows)
        uuids = transformer_options.get("uuids") or [None] * batched_number
        # in a call with one conditioning only, the other one of this window comes next and wants the same
        needed_later = window.needed_later | (frozenset(window.frames) if batched_number == 1 else frozenset())
        computed, per_chunk = {}, []
        for chunk, uuid in enumerate(uuids):
            part = slice(chunk * rows, (chunk + 1) * rows)
            key, text = self._text(cond, part, uuid, window, transformer_options)
            if key not in computed:
                computed[key] = self._residuals(key, x_noisy[part], t[part], text, window, needed_later)
            per_chunk.append(computed[key])
        outputs = [torch.cat(layers) for layers in zip(*per_chunk, strict=True)]
        return self.control_merge({"output": outputs[:-1], "middle": outputs[-1:]}, previous, output_dtype=None)

    def _text(self, cond: dict, part: slice, uuid: Any, window: Window, transformer_options: dict) -> tuple[Any, Tensor]:
        """Whose residuals the rows of one chunk get, as a key, and the conditional text (F, L, D) they are computed with."""
        run = run_of(transformer_options)
        positive = run.text_of(uuid) if run else None
        if positive is None:  # outside our sampler: a row's own text is all there is
            return uuid, cond.get("crossattn_controlnet", cond["c_crossattn"])[part]
        text = run.texts[positive]  # one for the clip, or one per frame
        return positive, text[torch.tensor(window.frames) % text.shape[0]]

    def _residuals(self, key: Any, x: Tensor, t: Tensor, text: Tensor, window: Window, needed_later: frozenset[int]):
        """Outputs of the ControlNet for all rows x (F, 4, h, w) of a window, each (F, C, h, w)."""
        off_device, shared = mm.unet_offload_device(), window.evaluation.residuals
        place = (id(self), key, x.shape[1:])
        if place not in shared:
            shared[place] = PerFrame(park=lambda r: r.to(off_device, copy=True), fetch=lambda r: r.to(x.device))
        row_of = {frame: row for row, frame in enumerate(window.frames)}  # a row that shows the frame

        def compute(frames: list[int]) -> list[Tensor]:  # each (n, C, h, w)
            rows = [row_of[frame] for frame in frames]
            return self._run_net(x[rows], t[rows], text[rows], frames)

        return shared[place].gather(window.frames, needed_later, compute)

    def _run_net(self, x: Tensor, t: Tensor, text: Tensor, frames: list[int]) -> list[Tensor]:
        """The ControlNet itself on some frames, x (n, 4, h, w): skips' residuals, then the middle's."""
        dtype = self.manual_cast_dtype or self.control_model.dtype
        hint = self.poses[[min(f, self.poses.shape[0] - 1) for f in frames]]  # the last pose stays for padded frames
        hint = comfy.utils.common_upscale(hint, x.shape[-1] * 8, x.shape[-2] * 8, "nearest-exact", "center")
        out = self.control_model(
            x=self.model_sampling_current.calculate_input(t, x).to(dtype),
            hint=self.preprocess_image(hint).to(x.device, dtype),
            timesteps=self.model_sampling_current.timestep(t).to(dtype),
            context=text.to(x.device, dtype),
        )
        return [*out["output"], *out["middle"]]


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


def check_poses_first(model: ModelPatcher) -> None:
    """Lets every sampling run of this ModelPatcher ask, before anything is loaded, whether its pose videos fit the clip."""
    add_wrapper_once(model, WrappersMP.OUTER_SAMPLE, _check_poses)


def _check_poses(executor: WrapperExecutor, noise: Tensor, *args, **kwargs) -> Tensor:
    """Raises ValueError where a pose video does not fit the noise (F, 4, h, w)."""
    guider, frames = executor.class_obj, noise.shape[0]
    padded = partial(padded_frames, guider.model_options)
    for cond in (cond for conds in guider.conds.values() for cond in conds or []):
        control = cond.get("control")
        while control is not None:
            if isinstance(control, PoseControl):
                control.check_clip(frames, padded)
            control = control.previous_controlnet
    return executor(noise, *args, **kwargs)


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
