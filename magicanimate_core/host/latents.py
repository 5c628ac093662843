"""Whether a MODEL and a VAE speak of the same latents: those of a model that was trained from scratch are its own."""

from pathlib import Path

from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE

from .run import KEY

BASE_KEY = f"{KEY}.base"
ATTRIBUTE = "magicanimate_base"  # of a VAE, which has no place for what others attach


def note_model_base(model: ModelPatcher, base: Path) -> None:
    """Remembers on a MODEL, and its clones, from which base folder it is; the host's own loaders note none."""
    model.set_attachments(BASE_KEY, str(base))


def note_vae_base(vae: VAE, base: Path) -> None:
    """Remembers on a VAE from which base folder it is."""
    setattr(vae, ATTRIBUTE, str(base))


def check_latents(model: ModelPatcher, vae: VAE) -> None:
    """Raises ValueError for a VAE whose latents this MODEL was not trained with, as far as that can be told."""
    channels, expected = getattr(vae, "latent_channels", None), model.model.latent_format.latent_channels
    if channels not in (None, expected):
        raise ValueError(f"The VAE's latents have {channels} channels, the MODEL's {expected}: use a VAE of SD 1.5.")
    own, other = model.get_attachment(BASE_KEY), getattr(vae, ATTRIBUTE, None)
    if own == other:
        return
    if own is not None:
        raise ValueError(
            "This MODEL was not made from Stable Diffusion and has latents of its own: take the VAE of the same loader "
            "(Load Demo Model)."
        )
    raise ValueError(
        "This VAE belongs to a model that was not made from Stable Diffusion (Load Demo Model): "
        "take the VAE of your checkpoint, or sd-vae-ft-mse."
    )
