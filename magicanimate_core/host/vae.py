"""The demo model, small and in one folder, as the host's objects; a drawn dancer and a DensePose clip as images."""

import json
from pathlib import Path
from typing import NamedTuple

import av
import comfy.sd
import numpy as np
import torch
from comfy.diffusers_convert import convert_vae_state_dict
from comfy.ldm.models.autoencoder import AutoencoderKL
from torch import Tensor

from ..weights.published import EMPTY_PROMPT, empty_prompt, prediction_type
from .loading import load_appearance_encoder, load_motion_module, load_pose_controlnet, load_unet, read, widened
from .temporal import apply_temporal_unet

WEIGHTS = "diffusion_pytorch_model.safetensors"
GROUPS = 32  # of every norm in the host's class, which takes no channels that they do not divide
SCALE = 0.18215  # built into the host's latent format of SD 1.5


class Demo(NamedTuple):
    model: object  # MODEL, the temporal UNet
    appearance_encoder: object
    control_net: object
    vae: comfy.sd.VAE
    text: Tensor  # tokens (1, L, D) of the empty prompt, the only one the model knows


def load_demo(folder: Path) -> Demo:
    """base/ (a diffusers folder with empty_prompt.safetensors for a text encoder) and magicanimate/ (the published layout).

    Raises FileNotFoundError or WrongFile.
    """
    base, magicanimate = folder / "base", folder / "magicanimate"
    tokens = existing(base / "empty_prompt.safetensors")
    motion = load_motion_module(existing(magicanimate / "temporal_attention" / "temporal_attention.safetensors"))
    return Demo(
        model=apply_temporal_unet(load_unet(existing(base / "unet" / WEIGHTS), prediction_type(base)), motion),
        appearance_encoder=load_appearance_encoder(existing(magicanimate / "appearance_encoder" / WEIGHTS)),
        control_net=load_pose_controlnet(existing(magicanimate / "densepose_controlnet" / WEIGHTS)),
        vae=load_vae(base / "vae"),
        text=empty_prompt(Path(tokens).name, read(tokens, EMPTY_PROMPT)).float(),
    )


def existing(path: Path) -> str:
    """The path as the host takes it. Raises FileNotFoundError where there is no such file."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the demo's files belong to the pack; install it with `git clone`.")
    return str(path)


def load_vae(folder: Path) -> comfy.sd.VAE:
    """diffusers' AutoencoderKL of any width -> the host's VAE (which by itself knows SD's own widths only)."""
    config = json.loads(Path(existing(folder / "config.json")).read_text())
    arguments = vae_arguments(config)
    weights = convert_vae_state_dict(dict(read(existing(folder / WEIGHTS), "a VAE in diffusers naming")))
    shapes = {name: tensor.shape for name, tensor in AutoencoderKL(**arguments).state_dict().items()}
    wide = {name: widened(tensor, shapes[name]) for name, tensor in weights.items()}
    vae = comfy.sd.VAE(wide, config={"params": arguments})
    for name, module in vae.first_stage_model.named_modules():
        if isinstance(module, torch.nn.GroupNorm):  # as many channels a group as in the file
            module.num_groups = config["norm_num_groups"] * module.num_channels // weights[f"{name}.weight"].shape[0]
    vae.patcher.cached_patcher_init = (_vae_patcher, (folder,))
    return vae


def _vae_patcher(folder: Path, disable_dynamic: bool = False):
    return load_vae(folder).patcher  # as the host's own loader, which has no other kind to give


def vae_arguments(config: dict) -> dict:
    """diffusers' config.json of an AutoencoderKL -> arguments of the host's class. Raises ValueError if it cannot be so."""
    if config["scaling_factor"] != SCALE:
        raise ValueError(f"The VAE has scaling_factor {config['scaling_factor']}; ComfyUI's latents of SD 1.5 have {SCALE}.")
    channels = config["latent_channels"]
    widths = host_widths(config["block_out_channels"])
    layout = {"ch": widths[0], "ch_mult": [w // widths[0] for w in widths], "num_res_blocks": config["layers_per_block"]}
    image = {"in_channels": 3, "out_ch": 3, "resolution": 256, "z_channels": channels, "double_z": True}
    return {"embed_dim": channels, "ddconfig": layout | image | {"attn_resolutions": [], "dropout": 0.0}}


def host_widths(widths: list[int]) -> list[int]:
    """The next widths that the host's norms take; still different where they were, or a shortcut would be missing there."""
    out = []
    for i, width in enumerate(widths):
        if i and width == widths[i - 1]:
            out.append(out[-1])
            continue
        wide = -(-width // GROUPS) * GROUPS
        out.append(wide + GROUPS if i and wide == out[-1] else wide)
    return out


def read_frames(path: Path) -> tuple[Tensor, float]:
    """Frames (F, H, W, 3) in [0, 1] and fps of a video; an image is a video of one frame. Raises FileNotFoundError."""
    with av.open(existing(path)) as container:
        stream = container.streams.video[0]
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(stream)])
        return torch.from_numpy(frames).float() / 255, float(stream.average_rate)
