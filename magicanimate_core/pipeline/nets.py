"""The temporal UNet and the appearance encoder on diffusers' UNet2DConditionModel.

Three public seams: attention processors (hybrid attention), module swaps (temporal blocks, window-wide norms), and the
UNet's own arguments for ControlNet residuals.
"""

import re
from dataclasses import dataclass, field

import torch
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..method.hybrid_attention import KeysValues, hybrid_attention
from ..method.motion_module import MotionModule, scaled_dot_product
from ..method.window_norm import join_frames, split_frames

READ = re.compile(r"^(mid_block|up_blocks\.\d+)\..*\.attn1\.processor$")  # self-attentions that see the reference

Reference = dict[str, KeysValues]  # attention's name -> the reference image's keys and values, each (1, R, D)


@dataclass
class Call:
    """What the swapped parts of a UNet need to know about the call that runs."""

    frames: int = 1  # frames per window
    references: list[Reference | None] = field(default_factory=lambda: [None])  # one per conditioning chunk
    checkpoint: bool = False  # training: compute temporal blocks again on the way back instead of keeping them


class HybridAttention:
    """Attention processor: q, k, v as in diffusers' own, attention as in Eq. 2."""

    def __init__(self, name: str, call: Call):
        self.name, self.call = name, call

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, temb=None, **_):
        n = hidden_states  # (B, L, D), normalised
        references = [None if reference is None else reference[self.name] for reference in self.call.references]

        def attend(q, k, v):
            return scaled_dot_product(q, k, v, attn.heads)

        out = hybrid_attention(attn.to_q(n), attn.to_k(n), attn.to_v(n), references, attend)
        return attn.to_out[1](attn.to_out[0](out))


class WindowNorm(nn.Module):
    """A GroupNorm whose statistics span all frames of a window."""

    def __init__(self, norm: nn.GroupNorm, call: Call):
        super().__init__()
        self.norm, self.call = norm, call

    def forward(self, x: Tensor) -> Tensor:  # (B F) C H W
        return split_frames(self.norm(join_frames(x, self.call.frames)), self.call.frames)


class ThenTemporal(nn.Module):
    """A layer of the UNet, followed by its temporal block."""

    def __init__(self, layer: nn.Module, temporal: nn.Module, call: Call):
        super().__init__()
        self.layer, self.temporal, self.call = layer, temporal, call

    def forward(self, *args, **kwargs):
        out = self.layer(*args, **kwargs)
        return (self._then(out[0]), *out[1:]) if isinstance(out, tuple) else self._then(out)

    def _then(self, x: Tensor) -> Tensor:
        if self.call.checkpoint and torch.is_grad_enabled():
            return checkpoint(self.temporal, x, self.call.frames, use_reentrant=False)
        return self.temporal(x, self.call.frames)


class TemporalUNet(nn.Module):
    """UNet2DConditionModel inflated to video. Takes `unet` over: its modules are swapped.

    Without a motion module it makes single frames, as in the first stage of training.
    """

    def __init__(self, unet, motion: MotionModule | None):
        super().__init__()
        self.call = Call()
        self.unet, self.motion = unet, motion
        names = [name.removesuffix(".processor") for name in unet.attn_processors if READ.match(name)]
        self.reading = {name: unet.get_submodule(name) for name in names}  # by their names before the swaps
        processors = {f"{name}.processor": HybridAttention(name, self.call) for name in names}
        unet.set_attn_processor(unet.attn_processors | processors)
        self._swap_norms()
        for site in motion.layout.widths if motion else ():
            self._add_temporal(site)

    def _swap_norms(self) -> None:
        for module in list(self.unet.modules()):
            if isinstance(module, ResnetBlock2D):
                module.norm1, module.norm2 = WindowNorm(module.norm1, self.call), WindowNorm(module.norm2, self.call)
        self.unet.conv_norm_out = WindowNorm(self.unet.conv_norm_out, self.call)

    def _add_temporal(self, site: str) -> None:
        block = self.unet.get_submodule(site.split(".motion_modules.")[0])
        layers = block.attentions if getattr(block, "attentions", None) else block.resnets
        index = int(site.rsplit(".", 1)[1])
        if layers[index] is None or self.motion.layout.widths[site] != block.resnets[index].out_channels:
            raise ValueError(
                f"The motion module has {self.motion.layout.widths[site]} channels at {site}, where this UNet has "
                f"{block.resnets[index].out_channels}: use a motion module made for this base model."
            )
        layers[index] = ThenTemporal(layers[index], self.motion.at(site), self.call)

    def keys_values(self, features: dict[str, Tensor]) -> Reference:
        """The UNet's own projections of the encoder's features, each (1, R, D), once for all frames."""
        return {name: (self.reading[name].to_k(n), self.reading[name].to_v(n)) for name, n in features.items()}

    def forward(self, x, timestep, text, *, frames: int, references: list[Reference | None], residuals=None) -> Tensor:
        """Noise prediction, (B F) 4 H W, for len(references) equal chunks of rows.

        text: (B F, L, D). residuals: the ControlNet's, skips then middle, each for all rows; None: no pose.
        """
        self.call.frames, self.call.references = frames, references
        skips, middle = (None, None) if residuals is None else (tuple(residuals[:-1]), residuals[-1])
        return self.unet(
            x,
            timestep,
            encoder_hidden_states=text,
            down_block_additional_residuals=skips,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]


class _AllRead(Exception):
    """The last features are read: what the encoder would compute after them is for nobody."""


class ReadFeatures:
    """Attention processor of the encoder: remembers the normalised input, stops after the last one."""

    def __init__(self, name: str, encoder: "AppearanceEncoder", last: bool):
        self.name, self.encoder, self.last = name, encoder, last

    def __call__(self, attn, hidden_states, *args, **kwargs):
        self.encoder.features[self.name] = hidden_states
        if self.last and self.encoder.stop_early:
            raise _AllRead
        return HybridAttention(self.name, Call())(attn, hidden_states, *args, **kwargs)


class AppearanceEncoder(nn.Module):
    """A second SD 1.5 UNet that reads the reference image (Eq. 1)."""

    def __init__(self, unet):
        super().__init__()
        self.unet, self.features = unet, {}
        self.stop_early = True
        reading = [name.removesuffix(".processor") for name in unet.attn_processors if READ.match(name)]
        last = max(name for name in reading if name.startswith("up_blocks"))
        processors = {f"{name}.processor": ReadFeatures(name, self, name == last) for name in reading}
        unet.set_attn_processor(unet.attn_processors | processors)

    def forward(self, latent: Tensor, timestep: Tensor, text: Tensor) -> dict[str, Tensor]:
        """latent (B, 4, H, W), clean and scaled; text (B, L, D). Attention's name -> normalised input (B, R, D)."""
        self.features.clear()
        try:
            self.unet(latent, timestep, encoder_hidden_states=text)
        except _AllRead:
            pass
        features = dict(self.features)
        self.features.clear()
        return features
