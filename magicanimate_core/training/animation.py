"""The nets of a stage as one module, and its loss (Eq. 5, Eq. 6)."""

from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from ..method.noise import TRAIN_TIMESTEPS, betas
from ..pipeline.nets import AppearanceEncoder, Reference, TemporalUNet
from .from_nothing.guide import Guide, emphasis

Batch = dict[str, Tensor]
VIDEO = ("2", "decoder")  # the stages with temporal layers


def stage_parts(stage: str) -> tuple[str, ...]:
    """Names of the parts that a stage trains (Sec. 3.4); everything else is frozen.

    `scratch` is ours: where no Stable Diffusion of the wanted size exists, the base is trained together with its conditions.
    """
    parts = {"scratch": ("unet", "encoder", "controlnet"), "1": ("encoder", "controlnet"), "2": ("motion",), "decoder": ()}
    return parts[stage]


@dataclass(frozen=True)
class Loss:
    """What is added up. The config file explains each (training/config.yaml)."""

    weighting: str = "eps"
    person: float = 1.0
    change: float = 0.0
    match: float = 0.0
    appearance: float = 0.0
    gradient_checkpointing: bool = False

    @property
    def guided(self) -> bool:
        return bool(self.match or self.appearance)


class Animation(nn.Module):
    """Everything between a batch and the loss. `motion` is None in the stages that leave the temporal layers out."""

    def __init__(self, unet, encoder, controlnet, motion, text: Tensor, stage: str, prediction="epsilon", loss=Loss()):
        super().__init__()
        parts = {"unet": unet, "encoder": encoder, "controlnet": controlnet} | ({"motion": motion} if motion else {})
        # their own names, before modules are swapped
        self._weights = {name: dict(part.state_dict(keep_vars=True)) for name, part in parts.items()}
        self.temporal = TemporalUNet(unet, motion)
        self.encoder = AppearanceEncoder(encoder)
        self.controlnet = controlnet
        self.stage, self.prediction, self.loss = stage, prediction, loss
        self.register_buffer("text", text, persistent=False)  # the empty prompt's tokens (1, L, D)
        self.register_buffer("signal", torch.cumprod(1 - betas(), 0), persistent=False)  # alpha bar, (1000,)
        self.requires_grad_(False)
        for name in stage_parts(stage):
            parts[name].requires_grad_(True)
        self.guide = Guide(self.temporal.reading, self.encoder, loss.match, loss.appearance) if loss.guided else None

    def weights(self) -> dict[str, dict[str, Tensor]]:
        """The tensors of unet, encoder, controlnet and motion, each under the names of its own class."""
        return self._weights

    def halve_frozen(self, dtype: torch.dtype) -> None:
        """Keeps the matrices that do not learn in 16 bits, as mixed precision multiplies them anyway."""
        for parameter in self.parameters():
            if not parameter.requires_grad and parameter.ndim > 1:
                parameter.data = parameter.data.to(dtype)

    def enable_gradient_checkpointing(self) -> None:
        """Less memory for more work: blocks are computed again on the way back."""
        for part in (self.temporal, self.encoder, self.controlnet):
            part.enable_gradient_checkpointing()

    def forward(self, batch: Batch) -> Tensor:
        """Scalar loss: the mean over everything of |eps - eps_theta|^2 (Eq. 5 without, Eq. 6 with temporal layers)."""
        if self.guide:
            self.guide.forget()
        error = self.error(batch)  # (R, F, 4, h, w)
        weight = emphasis(batch["parts"], batch["reference_parts"], self.loss.person) if self.loss.person != 1 else None
        loss = self.mean(error**2 if weight is None else error**2 * weight, batch)
        if self.loss.change and self.temporal.motion is not None and error.shape[1] > 1:
            loss = loss + self.loss.change * self.mean(error.diff(dim=1) ** 2, batch)
        return loss + self.guide(batch, weight) if self.guide else loss

    def mean(self, squares: Tensor, batch: Batch) -> Tensor:
        """Of (R, F, 4, h, w) over everything, each reference as its timestep counts."""
        return (squares.mean((1, 2, 3, 4)) * self.weight(batch["timesteps"])).mean()

    def error(self, batch: Batch) -> Tensor:
        """eps_theta - eps, (R, F, 4, h, w).

        In a rollout (all references or none) z_t is what the nets themselves make of noise, so there is no eps:
        sqrt(alpha bar) (z_0 - their z_0), which is as large, up to sqrt(1 - alpha bar).
        """
        if not batch["rollout"].any():
            return self.predict(batch) - batch["noise"]
        signal = rearrange(self.signal[batch["timesteps"]], "r -> r 1 1 1 1")
        return signal.sqrt() * (batch["latents"] - self.sampled(batch))

    def weight(self, timesteps: Tensor) -> Tensor:
        """What the squared error counts for at a timestep, (R,).

        "eps": 1, the paper's. "min_snr": min(SNR, 5) / SNR (Hang et al., 2023). "v": 1 / alpha bar, the squared error of
        the velocity (Salimans & Ho, 2022): high noise, where only the conditions tell what to draw, counts more.
        """
        signal = self.signal[timesteps]
        if self.loss.weighting == "v":
            return 1 / signal
        if self.loss.weighting == "min_snr":
            snr = signal / (1 - signal)
            return snr.clamp(max=5) / snr
        return torch.ones_like(signal)

    def predict(self, batch: Batch) -> Tensor:
        """Predicted noise, (R, F, 4, h, w) fp32 (Eq. 4). R references, each with F target frames at one timestep.

        latents, noise: (R, F, 4, h, w). reference: (R, 4, h, w). poses: (R, F, 3, 8 h, 8 w) in [0, 1]. timesteps: (R,).
        with_reference: (R,) bool, False where the reference is dropped so that guidance has an unconditional half.
        """
        count, frames = batch["latents"].shape[:2]
        noisy = rearrange(self.add_noise(batch["latents"], batch["noise"], batch["timesteps"]), "r f c h w -> (r f) c h w")
        timesteps = batch["timesteps"].repeat_interleave(frames)  # (R F)
        text = repeat(self.text, "1 l d -> n l d", n=count * frames)
        skips, middle = self.controlnet(
            noisy,
            timesteps,
            encoder_hidden_states=text,
            controlnet_cond=rearrange(batch["poses"], "r f c h w -> (r f) c h w"),
            return_dict=False,
        )
        window = frames if self.temporal.motion is not None else 1  # norms span a window only where there is one
        out = self.temporal(
            noisy, timesteps, text, frames=window, references=self.references(batch), residuals=[*skips, middle]
        )
        if self.prediction == "v_prediction":
            out = self.noise_of(out.float(), noisy, timesteps)
        return rearrange(out.float(), "(r f) c h w -> r f c h w", r=count)

    def parted(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """z_0 and eps as the nets see them in the batch's z_t, (R, F, 4, h, w)."""
        signal = rearrange(self.signal[batch["timesteps"]], "r -> r 1 1 1 1")
        noisy, noise = self.add_noise(batch["latents"], batch["noise"], batch["timesteps"]), self.predict(batch)
        return (noisy - (1 - signal).sqrt() * noise) / signal.sqrt(), noise

    def sampled(self, batch: Batch) -> Tensor:
        """z_0 after two steps of DDIM, (R, F, 4, h, w): the first from the batch's noise alone, the second at its timesteps.

        Gradients reach the second only.
        """
        last = torch.full_like(batch["timesteps"], TRAIN_TIMESTEPS - 1)
        with torch.no_grad():
            clean, noise = self.parted(batch | {"latents": torch.zeros_like(batch["latents"]), "timesteps": last})
        return self.parted(batch | {"latents": clean, "noise": noise})[0]

    def noise_of(self, velocity: Tensor, noisy: Tensor, timesteps: Tensor) -> Tensor:
        """eps of v = sqrt(alpha bar) eps - sqrt(1 - alpha bar) z_0 and z_t, (B, 4, h, w)."""
        signal = rearrange(self.signal[timesteps], "b -> b 1 1 1")
        return (1 - signal).sqrt() * noisy + signal.sqrt() * velocity

    def references(self, batch: Batch) -> list[Reference | None]:
        """Keys and values of every reference image (Eq. 1, 2); None where it is dropped."""
        with_reference = batch["with_reference"].tolist()
        if not any(with_reference):
            return [None] * len(with_reference)
        text = self.text.expand(len(with_reference), -1, -1)
        features = self.encoder(batch["reference"], batch["timesteps"], text)
        projected = self.temporal.keys_values(features)  # name -> keys and values, (R, tokens, D)
        return [
            {name: (k[i : i + 1], v[i : i + 1]) for name, (k, v) in projected.items()} if wanted else None
            for i, wanted in enumerate(with_reference)
        ]

    def add_noise(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """z_t of the forward process, (R, F, 4, h, w)."""
        signal = rearrange(self.signal[timesteps], "r -> r 1 1 1 1")
        return signal.sqrt() * latents + (1 - signal).sqrt() * noise


def draw_timesteps(rng, count: int, shift: float = 1.0) -> Tensor:
    """(count,), uniform over the schedule; a shift above 1 draws more of high noise (Esser et al., 2024, Eq. 23)."""
    u = (rng.integers(0, TRAIN_TIMESTEPS, count) + 0.5) / TRAIN_TIMESTEPS
    return torch.from_numpy(TRAIN_TIMESTEPS * shift * u / (1 + (shift - 1) * u)).long()
