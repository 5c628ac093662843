"""The nets of a stage as one module: what they predict, and which of them learn."""

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from ..method.motion_module import MotionModule
from ..method.noise import NoiseSchedule
from ..pipeline.call import Reference
from ..pipeline.nets import AppearanceEncoder, TemporalUNet
from .batch import Batch


class Animation(nn.Module):
    """UNet, appearance encoder and ControlNet, with temporal layers where `motion` is given.

    `trains` names the parts that learn, of unet, encoder, controlnet and motion; everything else is frozen.
    """

    def __init__(
        self,
        unet: nn.Module,
        encoder: nn.Module,
        controlnet: nn.Module,
        motion: MotionModule | None,
        text: Tensor,
        *,
        trains: tuple[str, ...] = (),
        prediction: str = "epsilon",
    ) -> None:
        """text: the empty prompt's tokens, (1, L, D). prediction: what the UNet predicts, epsilon or v_prediction."""
        super().__init__()
        parts = {"unet": unet, "encoder": encoder, "controlnet": controlnet} | ({"motion": motion} if motion else {})
        # under their own names, before modules are swapped
        self._weights = {name: dict(part.state_dict(keep_vars=True)) for name, part in parts.items()}
        self.temporal = TemporalUNet(unet, motion)
        self.encoder = AppearanceEncoder(encoder)
        self.controlnet = controlnet
        self.prediction = prediction
        self.schedule = NoiseSchedule()
        self.register_buffer("text", text, persistent=False)
        self.requires_grad_(False)
        for name in trains:
            parts[name].requires_grad_(True)

    def weights(self) -> dict[str, dict[str, Tensor]]:
        """Returns the tensors of unet, encoder, controlnet and motion, each under the names of its own class."""
        return self._weights

    def halve_frozen(self, dtype: torch.dtype) -> None:
        """Keeps the matrices that do not learn in 16 bits, as mixed precision multiplies them anyway."""
        for parameter in self.parameters():
            if not parameter.requires_grad and parameter.ndim > 1:
                parameter.data = parameter.data.to(dtype)

    def enable_gradient_checkpointing(self) -> None:
        """Takes less memory for more work: blocks are computed again on the way back."""
        for part in (self.temporal, self.encoder, self.controlnet):
            part.enable_gradient_checkpointing()

    def predict(self, batch: Batch) -> Tensor:
        """Returns eps_theta for the batch's latents at its timesteps, (N, F, 4, h, w) fp32."""
        return self.noise_in(self.schedule.noisy(batch.latents, batch.noise, batch.timesteps), batch)

    def noise_in(self, noisy: Tensor, batch: Batch, cfg: float = 1.0) -> Tensor:
        """Returns the noise that the nets see in z_t (N, F, 4, h, w), t the batch's timesteps: the same shape, fp32.

        cfg: guidance away from what they see without the reference, as in sampling; 1: none.
        """
        count, frames = noisy.shape[:2]
        noisy = rearrange(noisy, "n f c h w -> (n f) c h w")
        timesteps = batch.timesteps.repeat_interleave(frames)  # (N F)
        skips, middle = self.controlnet(
            noisy,
            timesteps,
            encoder_hidden_states=repeat(self.text, "1 l d -> b l d", b=count * frames),
            controlnet_cond=rearrange(batch.poses, "n f c h w -> (n f) c h w"),
            return_dict=False,
        )
        references, residuals = self.references(batch), [*skips, middle]
        if cfg == 1:
            out = self.denoised(noisy, timesteps, references, residuals)
        else:
            doubled = [torch.cat([x, x]) for x in (noisy, timesteps, *residuals)]
            both = self.denoised(*doubled[:2], [None] * count + references, doubled[2:])
            without, out = both.chunk(2)
            out = without + cfg * (out - without)
        if self.prediction == "v_prediction":
            out = self.schedule.noise(noisy, out, timesteps)
        return rearrange(out, "(n f) c h w -> n f c h w", n=count)

    def denoised(
        self, noisy: Tensor, timesteps: Tensor, references: list[Reference | None], residuals: list[Tensor]
    ) -> Tensor:
        """Returns what the UNet says of z_t ((N F), 4, h, w), N references, at ((N F),): the same shape, fp32."""
        frames = noisy.shape[0] // len(references)
        window = frames if self.temporal.motion is not None else 1  # norms span a window only where there is one
        text = repeat(self.text, "1 l d -> b l d", b=noisy.shape[0])
        out = self.temporal(noisy, timesteps, text, frames=window, references=references, residuals=residuals)
        return out.float()

    def references(self, batch: Batch) -> list[Reference | None]:
        """Returns keys and values of every reference image (Eq. 1, 2), each (1, L, D); None where it is dropped."""
        with_reference = batch.with_reference.tolist()
        if not any(with_reference):
            return [None] * len(with_reference)
        text = self.text.expand(len(with_reference), -1, -1)
        features = self.encoder(batch.reference, batch.timesteps, text)
        projected = self.temporal.keys_values(features)  # name -> keys and values, each (N, L, D)
        return [
            {name: (k[i : i + 1], v[i : i + 1]) for name, (k, v) in projected.items()} if there else None
            for i, there in enumerate(with_reference)
        ]
