"""The temporal UNet and the appearance encoder on diffusers' UNet2DConditionModel, and the nets of an animation.

Three public seams: attention processors (hybrid attention), module swaps (temporal blocks, window-wide norms), and the
UNet's own arguments for ControlNet residuals.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

from ..method.hybrid_attention import FeaturesRead
from ..method.motion_module import MotionModule
from ..method.window_norm import join_frames, split_frames
from .attention import HybridAttention, ReadFeatures, reading_attentions
from .call import CALL, READING, Call, Reading, Reference, checkpoint_in_call, during

if TYPE_CHECKING:
    from diffusers import ControlNetModel, UNet2DConditionModel


class WindowNorm(nn.Module):
    """A GroupNorm whose statistics span all frames of a window."""

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:  # ((B K), C, h, w)
        frames = CALL.get().frames
        return split_frames(self.norm(join_frames(x, frames)), frames)


class WithTemporalBlock(nn.Module):
    """A layer of the UNet, followed by its temporal block."""

    gradient_checkpointing = False  # diffusers finds it by its name, and then sets _gradient_checkpointing_func, too

    def __init__(self, layer: nn.Module, temporal: nn.Module) -> None:
        super().__init__()
        self.layer, self.temporal = layer, temporal

    def forward(self, *args, **kwargs):
        """Arguments and output are the layer's; its tensor, or the first of a tuple, is ((B K), C, h, w)."""
        out = self.layer(*args, **kwargs)
        return (self.over_frames(out[0]), *out[1:]) if isinstance(out, tuple) else self.over_frames(out)

    def over_frames(self, x: Tensor) -> Tensor:
        """Runs the temporal block, if the call has any, ((B K), C, h, w) -> the same shape."""
        if not CALL.get().temporal:
            return x
        if self.gradient_checkpointing and torch.is_grad_enabled():
            return self._gradient_checkpointing_func(self.temporal, x, CALL.get().frames)
        return self.temporal(x, CALL.get().frames)


class TemporalUNet(nn.Module):
    """UNet2DConditionModel inflated to video. Takes `unet` over: its modules are swapped.

    Without a motion module it makes single frames, as in the first stage of training.
    """

    def __init__(self, unet: "UNet2DConditionModel", motion: MotionModule | None, *, single: bool = False) -> None:
        """single: norms look at single frames, whatever a call says. Raises ValueError where the motion module was made for
        another UNet.
        """
        super().__init__()
        self.unet, self.motion = unet, motion
        names = reading_attentions(unet)
        self.reading = {name: unet.get_submodule(name) for name in names}  # by their names before the swaps
        unet.set_attn_processor(unet.attn_processors | {f"{name}.processor": HybridAttention(name) for name in names})
        if not single and (motion is None or motion.layout.joins_norms):
            self._swap_norms()
        for site in motion.layout.widths if motion else ():
            self._add_temporal(site)

    def _swap_norms(self) -> None:
        for module in list(self.unet.modules()):
            if isinstance(module, ResnetBlock2D):
                module.norm1, module.norm2 = WindowNorm(module.norm1), WindowNorm(module.norm2)
        self.unet.conv_norm_out = WindowNorm(self.unet.conv_norm_out)

    def _add_temporal(self, site: str) -> None:
        """Raises ValueError for a temporal block that has no place of its width."""
        block = self.unet.get_submodule(site.split(".motion_modules.")[0])
        layers = block.attentions if getattr(block, "attentions", None) else block.resnets
        index = int(site.rsplit(".", 1)[1])
        if layers[index] is None or self.motion.layout.widths[site] != block.resnets[index].out_channels:
            raise ValueError(
                f"The motion module has {self.motion.layout.widths[site]} channels at {site}, where this UNet has "
                f"{block.resnets[index].out_channels}: use a motion module made for this base model."
            )
        layers[index] = WithTemporalBlock(layers[index], self.motion.at(site))

    def enable_gradient_checkpointing(self) -> None:
        """Spares memory in training: blocks are computed again on the way back."""
        self.unet.enable_gradient_checkpointing(checkpoint_in_call)

    def keys_values(self, features: dict[str, Tensor]) -> Reference:
        """Returns the UNet's own projections of the encoder's features (N, L, D), each (N, L, D), once for all frames."""
        return {name: (self.reading[name].to_k(n), self.reading[name].to_v(n)) for name, n in features.items()}

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        text: Tensor,
        *,
        frames: int,
        references: Sequence[Reference | None],
        residuals: Sequence[Tensor] | None = None,
        count: Tensor | None = None,
        image: Tensor | None = None,
        temporal: bool = True,
    ) -> Tensor:
        """Predicts what is in noisy latents x ((B K), 4, h, w), the same shape; frames: K of a window.

        The rows are len(references) equal chunks. timestep: () or ((B K),). text: ((B K), L, D). residuals: the
        ControlNet's, skips then middle, each for all rows; None: no pose. count: which text tokens count, ((B K), L); None:
        all. image: what the IP-Adapter of this UNet reads, ((B K), E) or ((B K), L, E). temporal: False makes single frames,
        which know nothing of one another: no temporal blocks, and norms of one frame each, as in the first training stage.
        """
        skips, middle = (None, None) if residuals is None else (tuple(residuals[:-1]), residuals[-1])
        with during(CALL, Call(frames=frames if temporal else 1, temporal=temporal, references=references)):
            return self.unet(
                x,
                timestep,
                encoder_hidden_states=text,
                encoder_attention_mask=count,
                added_cond_kwargs=None if image is None else {"image_embeds": [image[:, None]]},
                down_block_additional_residuals=skips,
                mid_block_additional_residual=middle,
                return_dict=False,
            )[0]


class AppearanceEncoder(nn.Module):
    """A second SD 1.5 UNet that reads the reference image (Eq. 1)."""

    def __init__(self, unet: "UNet2DConditionModel") -> None:
        super().__init__()
        self.unet = unet
        names = reading_attentions(unet)
        last = [name for name in names if name.startswith("up_blocks")][-1]  # the middle stands behind, and runs before
        processors = {f"{name}.processor": ReadFeatures(name, name == last) for name in names}
        unet.set_attn_processor(unet.attn_processors | processors)

    def enable_gradient_checkpointing(self) -> None:
        """Spares memory in training: blocks are computed again on the way back."""
        self.unet.enable_gradient_checkpointing()

    def forward(self, latent: Tensor, timestep: Tensor, text: Tensor) -> dict[str, Tensor]:
        """Returns the normalised inputs of the self-attentions, each (N, L, D), by the attentions' names.

        latent: (N, 4, h, w), clean and scaled. timestep: () or (N,). text: (N, L, D).
        """
        features: dict[str, Tensor] = {}
        checkpointing = torch.is_grad_enabled() and self.unet.is_gradient_checkpointing  # torch's, which takes no exceptions
        with during(READING, Reading(features=features, stop=not checkpointing)), suppress(FeaturesRead):
            self.unet(latent, timestep, encoder_hidden_states=text)
        return features


def freeze(module: nn.Module, device: torch.device | str, dtype: torch.dtype) -> None:
    """Moves a module to where it is used without being trained."""
    module.to(device=device, dtype=dtype).eval().requires_grad_(False)


@dataclass(kw_only=True)
class Nets:
    """What denoises: everything between latents and predictions."""

    unet: TemporalUNet
    encoder: AppearanceEncoder | None  # None: something else shows the photo, or nothing
    controlnet: "ControlNetModel"
    prediction: str = "epsilon"  # what the UNet predicts, in diffusers' words: epsilon or v_prediction

    def to(self, device: torch.device | str, dtype: torch.dtype) -> "Nets":
        """Moves all nets, for use without training. Returns itself."""
        for net in (self.unet, self.encoder, self.controlnet):
            if net is not None:
                freeze(net, device, dtype)
        return self

    @property
    def max_length(self) -> int | None:
        """How many frames of a window the temporal layers tell apart; None without such layers."""
        return None if self.unet.motion is None else self.unet.motion.layout.max_length

    @property
    def device(self) -> torch.device:
        return next(self.unet.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.unet.parameters()).dtype
