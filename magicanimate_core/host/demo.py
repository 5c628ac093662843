"""The demo model, small and in one folder, as the host's objects."""

from pathlib import Path
from typing import NamedTuple

from comfy.controlnet import ControlNet
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from torch import Tensor

from ..weights.files import file_name
from ..weights.prediction import prediction_type
from ..weights.published import EMPTY_PROMPT, WEIGHTS_FILE, empty_prompt
from .latent_colours import fit_latent_colours
from .loading import load_appearance_encoder, load_motion_module, load_pose_controlnet, load_unet, read_file
from .temporal import apply_temporal_unet
from .vae import load_host_vae


class Demo(NamedTuple):
    model: ModelPatcher  # the temporal UNet
    appearance_encoder: ModelPatcher
    control_net: ControlNet
    vae: VAE
    text: Tensor  # tokens (1, L, D) of the empty prompt, the only one the model knows


def load_demo(folder: Path, pictures: Tensor | None = None) -> Demo:
    """Loads base/ (a diffusers folder with the empty prompt for a text encoder) and magicanimate/ (the published layout).

    pictures: (N, H, W, 3) in [0, 1], as the model knows them, for previews in the right colours. Raises FileNotFoundError or
    WrongFile.
    """
    base, magicanimate = folder / "base", folder / "magicanimate"
    tokens = existing(base / "empty_prompt.safetensors")
    for name in ("config.json", WEIGHTS_FILE):
        existing(base / "vae" / name)
    motion = load_motion_module(existing(magicanimate / "temporal_attention" / "temporal_attention.safetensors"))
    unet, vae = load_unet(existing(base / "unet" / WEIGHTS_FILE), prediction_type(base)), load_host_vae(base / "vae")
    if pictures is not None:
        fit_latent_colours(unet, vae, pictures)
    return Demo(
        model=apply_temporal_unet(unet, motion),
        appearance_encoder=load_appearance_encoder(existing(magicanimate / "appearance_encoder" / WEIGHTS_FILE)),
        control_net=load_pose_controlnet(existing(magicanimate / "densepose_controlnet" / WEIGHTS_FILE)),
        vae=vae,
        text=empty_prompt(file_name(tokens), read_file(tokens, EMPTY_PROMPT)).float(),
    )


def existing(path: Path) -> str:
    """Returns the path as the host takes it. Raises FileNotFoundError where there is no such file."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the demo's files belong to the pack; install it with `git clone`.")
    return str(path)
