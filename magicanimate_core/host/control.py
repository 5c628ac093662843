"""Pose control that follows the windows (Eq. 3): each frame's own pose, once per frame and step, conditional text."""

from collections.abc import Callable

import comfy.controlnet
import comfy.model_management as mm
import comfy.utils
import torch
from torch import Tensor

from ..method.per_frame import gather_frames
from .run import Window, run_of, window_of
from .unet import net_shape


class PoseControl(comfy.controlnet.ControlNet):
    """The host's ControlNet, but every window gets its own frames' poses.

    Both conditionings of a frame get the residuals of its conditional row; a frame that several windows share is
    computed once, and its residuals wait, off the device, only as long as a coming window needs them.
    """

    @classmethod
    def from_controlnet(cls, control_net):
        """The same weights under our rules. control_net: CONTROL_NET of an SD 1.5 ControlNet."""
        model = getattr(control_net, "control_model", None)
        shape = net_shape(model) if model is not None else None
        if not isinstance(control_net, comfy.controlnet.ControlNet) or shape is None or control_net.latent_format:
            raise ValueError(
                f"control_net is {type(control_net).__name__}, no ControlNet of SD 1.5: "
                "load it with Load DensePose ControlNet (densepose_controlnet)."
            )
        control = cls(None, load_device=control_net.load_device, manual_cast_dtype=control_net.manual_cast_dtype)
        control.control_model, control.control_model_wrapped = model, control_net.control_model_wrapped
        control_net.copy_to(control)
        return control

    def copy(self):
        return self.from_controlnet(self)

    @property
    def poses(self) -> Tensor:
        """(N, 3, H, W), RGB in [0, 1], where the user's video lies (off the device)."""
        return self.cond_hint_original

    def check_clip(self, frames: int, padded: Callable[[int], int]) -> None:
        """Raise ValueError unless there is a pose for each of the clip's frames (or one pose for all of them)."""
        poses = self.poses.shape[0]
        if poses != 1 and frames not in (poses, padded(poses)):
            raise ValueError(
                f"The pose video has {poses} frames but the latent has {frames}: give the latent a batch size of {poses}."
            )

    def get_control(self, x_noisy, t, cond, batched_number, transformer_options):
        previous = None
        if self.previous_controlnet is not None:
            previous = self.previous_controlnet.get_control(x_noisy, t, cond, batched_number, transformer_options)
        if self.timestep_range is not None and not self.timestep_range[1] <= t[0] <= self.timestep_range[0]:
            return previous

        rows = x_noisy.shape[0] // batched_number
        window = window_of(transformer_options, rows)
        uuids = transformer_options.get("uuids") or [None] * batched_number
        computed, per_chunk = {}, []
        for chunk, uuid in enumerate(uuids):
            own = slice(chunk * rows, (chunk + 1) * rows)
            key, text = self._text(cond, own, uuid, window, transformer_options)
            if key not in computed:
                # a call with one conditioning only: the other one of this window comes next and wants the same
                keep = window.needed_later | (frozenset(window.frames) if batched_number == 1 else frozenset())
                computed[key] = self._window_residuals(key, x_noisy[own], t[own], text, window, keep)
            per_chunk.append(computed[key])
        outputs = [torch.cat(layers) for layers in zip(*per_chunk, strict=True)]
        return self.control_merge({"output": outputs[:-1], "middle": outputs[-1:]}, previous, output_dtype=None)

    def _text(self, cond, own: slice, uuid, window: Window, transformer_options):
        """Conditional text for the rows of one chunk, and the key that tells whose residuals they are."""
        run = run_of(transformer_options)
        positive = run.text_of(uuid) if run else None
        if positive is None:  # outside our sampler: a row's own text is all there is
            return uuid, cond.get("crossattn_controlnet", cond["c_crossattn"])[own]
        text = run.texts[positive]  # one for the clip, or one per frame
        return positive, text[torch.tensor(window.frames) % text.shape[0]]

    def _window_residuals(self, key, x, t, text, window: Window, keep: frozenset[int]) -> list[Tensor]:
        """Outputs of the ControlNet for all rows of a window, each (rows, C, H, W)."""
        kept = window.evaluation.residuals.setdefault((id(self), key, x.shape[1:]), {})
        row_of = {f: row for row, f in enumerate(window.frames)}  # a row that shows the frame

        def compute(frames: list[int]) -> list[Tensor]:
            rows = [row_of[f] for f in frames]
            return self._run(x[rows], t[rows], text[rows], frames)

        off_device = mm.unet_offload_device()
        return gather_frames(
            window.frames, kept, keep, compute, park=lambda r: r.to(off_device, copy=True), fetch=lambda r: r.to(x.device)
        )

    def _run(self, x, t, text, frames: list[int]) -> list[Tensor]:
        """The ControlNet itself on some frames, x (n, 4, H, W): skips' residuals, then the middle's."""
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
    positive,
    negative,
    control_net,
    pose_video: Tensor,
    strength: float = 1.0,
    start_percent: float = 0.0,
    end_percent: float = 1.0,
):
    """Attach the pose video (N, H, W, 3) to both conditionings. Returns (positive, negative)."""
    control = PoseControl.from_controlnet(control_net)
    if strength == 0:
        return positive, negative
    _check_text(control, positive, negative)
    control.set_cond_hint(pose_video.movedim(-1, 1), strength, (start_percent, end_percent))
    chains: dict = {}  # one control object for equal chains, so that the host batches both conditionings

    def attach(conditioning):
        out = []
        for text, options in conditioning:
            before = options.get("control")
            if before not in chains:
                chains[before] = control.copy().set_previous_controlnet(before)
            out.append([text, {**options, "control": chains[before], "control_apply_to_uncond": False}])
        return out

    return attach(positive), attach(negative)


def _check_text(control: PoseControl, *conditionings) -> None:
    expected = net_shape(control.control_model).context_width
    for conditioning in conditionings:
        for text, _ in conditioning:
            if text.shape[-1] != expected:
                raise ValueError(
                    f"The conditioning is {text.shape[-1]} wide, but this ControlNet reads {expected}-wide text: "
                    "encode the prompts with the CLIP of the same SD 1.5 checkpoint."
                )
