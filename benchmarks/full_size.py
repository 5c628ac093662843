"""Every part of an animation at SD 1.5's size, without storage, and one call of each as the sampler makes it.

For `benchmarks.flops`; imported once ComfyUI is there.
"""

from functools import partial
from types import SimpleNamespace

import comfy.ops
import torch
from comfy.cldm.cldm import ControlNet
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from comfy.patcher_extension import WrappersMP
from torch import Tensor

from magicanimate_core.host.loading import controlnet_config, host_config
from magicanimate_core.host.reference import encode_reference, hybrid_options, keys_values
from magicanimate_core.host.temporal import temporal_forward
from magicanimate_core.method.motion_module import MotionLayout, MotionModule
from magicanimate_core.weights import architecture as arch

TOKENS = 77


class Parts:
    """size: pixels; length: frames of a window. Everything lies on the meta device."""

    def __init__(self, size: int, length: int):
        self.side, self.length = size // 8, length
        kind = {"dtype": torch.float32, "device": "meta", "operations": comfy.ops.manual_cast}
        self.unet, self.encoder = (UNetModel(**host_config(arch.SD15), **kind) for _ in range(2))
        self.control = ControlNet(**controlnet_config(arch.SD15), **kind)
        with torch.device("meta"):
            self.motion = MotionModule(MotionLayout(arch.temporal_widths(arch.SD15)))

    def latents(self, rows: int) -> Tensor:  # (B, 4, h, w)
        return torch.empty(rows, 4, self.side, self.side, device="meta")

    def text(self, rows: int) -> Tensor:  # (B, L, D)
        return torch.empty(rows, TOKENS, arch.SD15.context_width, device="meta")

    def times(self, rows: int) -> Tensor:  # (B,)
        return torch.empty(rows, device="meta")

    def hints(self, frames: int) -> Tensor:  # (F, 3, H, W)
        return torch.empty(frames, 3, 8 * self.side, 8 * self.side, device="meta")

    def encode(self) -> dict:
        """The appearance encoder on the reference, one row. Returns place -> features (1, L, D)."""
        model = SimpleNamespace(diffusion_model=self.encoder, manual_cast_dtype=None, get_dtype=lambda: torch.float32)
        return encode_reference(model, self.latents(1), self.times(1), self.text(1))

    def keys_values(self, features: dict) -> dict:
        """The UNet's projections of features (1, L, D). Returns place -> keys and values, each (1, L, D)."""
        return keys_values(self.unet, features, self.latents(1))

    def pose(self, frames: int) -> None:
        """Frames through the ControlNet."""
        self.control(
            x=self.latents(frames), hint=self.hints(frames), timesteps=self.times(frames), context=self.text(frames)
        )

    def pose_embedding(self, frames: int) -> None:
        """The part of the ControlNet that depends on the poses alone."""
        self.control.input_hint_block(self.hints(frames), None, None)

    def window(self, reference: dict) -> None:
        """Both halves of a window through the UNet. reference: place -> keys and values, each (1, L, D)."""
        rows = 2 * self.length
        forward = partial(temporal_forward, self.motion)
        options = {"cond_or_uncond": [1, 0], "wrappers": {WrappersMP.DIFFUSION_MODEL: {"temporal": [forward]}}}
        options = hybrid_options(self.unet, [None, reference], options)
        self.unet(self.latents(rows), self.times(rows), self.text(rows), transformer_options=options)

    def text_keys_values(self) -> None:
        """What a window spends on keys and values of the text, for all of its rows."""
        for name, module in self.unet.named_modules():
            if name.endswith(("attn2.to_k", "attn2.to_v")):
                module(self.text(2 * self.length))
