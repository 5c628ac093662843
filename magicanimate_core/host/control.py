"""Pose control that follows the windows (Eq. 3): each frame's own pose, once per frame and step, conditional text."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from comfy.controlnet import ControlBase, ControlNet
from torch import Tensor

from ..method.per_frame import PerFrame
from ..method.picking import picked
from .moving import parked, to_device
from .pose_hints import PoseHints
from .rows import Crop
from .run import Run, Window, run_of, window_of
from .unet import net_shape


class PoseControl(ControlNet):
    """The host's ControlNet, but every window gets its own frames' poses.

    Both conditionings of a frame get the residuals of its conditional row; a frame that several windows share is
    computed once, and its residuals wait only as long as a coming window needs them: a few on the device, others off it.
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

    def get_control(self, x_noisy: Tensor, t: Tensor, cond: dict, batched_number: int, transformer_options: dict):
        """Returns the host's residuals for x_noisy (B, 4, h, w), `batched_number` conditionings one after another."""
        previous = None
        if self.previous_controlnet is not None:
            previous = self.previous_controlnet.get_control(x_noisy, t, cond, batched_number, transformer_options)
        rows = x_noisy.shape[0] // batched_number
        window, run = window_of(transformer_options, rows, t), run_of(transformer_options)
        if self.timestep_range is not None:
            start, end = self.timestep_range
            if not end <= window.evaluation.sigma <= start:
                return previous

        uuids = transformer_options.get("uuids") or [None] * batched_number
        window.served.update(uuids)
        computed, chunks = {}, []
        for chunk, uuid in enumerate(uuids):
            part = slice(chunk * rows, (chunk + 1) * rows)
            call = _Call(x_noisy[part], t[part], window, run)
            shares = run.rows.pose_texts(uuid, call.sigma) if run else {}
            if not shares:  # outside our sampler: a row's own text is all there is
                chunks.append(self._run_net(call, cond.get("crossattn_controlnet", cond["c_crossattn"])[part]))
                continue
            crop = run.rows.known[uuid].crop
            for text in shares:
                if (text, crop) not in computed:
                    computed[text, crop] = self._residuals(call, text, crop)
            chunks.append(_mixed([(share, computed[text, crop]) for text, share in shares.items()]))
        # the host scales them in place: what two chunks share must not be one
        outputs = chunks[0] if len(chunks) == 1 else [torch.cat(layers) for layers in zip(*chunks, strict=True)]
        return self.control_merge({"output": outputs[:-1], "middle": outputs[-1:]}, previous, output_dtype=None)

    def _residuals(self, call: "_Call", number: int, crop: Crop | None) -> list[Tensor]:
        """Outputs of the ControlNet for all frames of a window, each (F, C, h, w), with one of the run's texts."""
        evaluation, x = call.window.evaluation, call.x
        place = (id(self), number, crop, x.shape[1:])
        if place not in evaluation.residuals:
            evaluation.residuals[place] = PerFrame(parked, lambda rows: to_device(rows, x.device), evaluation.room)
        row_of = {frame: row for row, frame in enumerate(call.window.frames)}  # a row that shows the frame
        text = call.run.rows.texts[number]  # (B, L, D)

        def compute(frames: list[int]) -> list[Tensor]:  # each (n, C, h, w)
            some = call.some([row_of[frame] for frame in frames])
            return self._run_net(some, picked(text, [f % text.shape[0] for f in some.window.shown]), crop)

        return evaluation.residuals[place].gather(call.window.frames, call.needed_later(self, number, crop), compute)

    def _run_net(self, call: "_Call", text: Tensor, crop: Crop | None = None) -> list[Tensor]:
        """The ControlNet itself on the frames of a call: skips' residuals, then the middle's. text: (n, L, D)."""
        dtype, x, sampling = self.manual_cast_dtype or self.control_model.dtype, call.x, self.model_sampling_current
        out = self.control_model(
            x=sampling.calculate_input(call.t, x).to(dtype),
            hint=self._hint(call, crop, dtype),
            timesteps=sampling.timestep(call.t).to(dtype),
            context=to_device(text.to(dtype), x.device),
        )
        return [*out["output"], *out["middle"]]

    def _hint(self, call: "_Call", crop: Crop | None, dtype: torch.dtype) -> Tensor:
        """The poses (n, 3, 8 h, 8 w) of a call's frames; of a row that is a part of the frame, the same part."""
        height, width = call.x.shape[-2:] if crop is None else call.run.size
        how = (self.poses, (height * 8, width * 8), dtype, self.preprocess_image)
        known = {} if call.run is None else call.run.hints
        key = (id(self), *how[1:3])
        if key not in known:
            known[key] = PoseHints(*how)
        hint = known[key].of(call.window.shown, call.x.device)
        if crop is None:
            return hint
        down, right = crop.top * 8, crop.left * 8
        return hint[..., down : down + crop.height * 8, right : right + crop.width * 8]


@dataclass(frozen=True)
class _Call:
    """One conditioning's rows of a call: x (F, 4, h, w) at t (F,), a row per frame of the window."""

    x: Tensor
    t: Tensor
    window: Window
    run: Run | None

    def some(self, rows: list[int]) -> "_Call":
        """Returns the part of it that these rows are."""
        frames = tuple(self.window.frames[row] for row in rows)
        return replace(self, x=picked(self.x, rows), t=picked(self.t, rows), window=replace(self.window, frames=frames))

    @property
    def sigma(self) -> float:
        """Where the sampler is; asked for only where prompts come and go, as the device has to be waited for."""
        return self.window.evaluation.sigma if self.run and self.run.rows.timed else 0.0

    def needed_later(self, control: ControlBase, text: int, crop: Crop | None) -> Mapping[int, int]:
        """Frames whose residuals are asked for again: by what is left of this window, or by a coming one."""
        readers = self.window.evaluation.asked & self.run.rows.who_reads(control, text, crop, self.sigma)
        left = dict.fromkeys(self.window.frames, -1) if readers - self.window.served else {}  # sooner than any other call
        return self.window.needed_later | left


def _mixed(parts: list[tuple[float, list[Tensor]]]) -> list[Tensor]:
    """Residuals with their shares as one set, each (F, C, h, w)."""
    if len(parts) == 1:
        return parts[0][1]
    shares, sets = zip(*parts, strict=True)
    return [sum(share * layer for share, layer in zip(shares, layers, strict=True)) for layers in zip(*sets, strict=True)]
