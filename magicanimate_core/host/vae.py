"""A VAE of any width as the host's, so that small models decode and preview like large ones."""

import json
from pathlib import Path

import torch
from comfy.diffusers_convert import convert_vae_state_dict
from comfy.ldm.models.autoencoder import AutoencoderKL
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE

from ..weights.architecture import LATENT_SCALE
from ..weights.published import WEIGHTS_FILE
from .latents import note_vae_base
from .loading import read_file, widened

HOST_GROUPS = 32  # of every norm in the host's class, which takes no channels that they do not divide


def load_host_vae(folder: Path) -> VAE:
    """Loads diffusers' AutoencoderKL of any width as the host's VAE, which by itself knows SD's own widths only.

    Raises FileNotFoundError, WrongFile, or ValueError for one that the host cannot be.
    """
    config = json.loads((folder / "config.json").read_text())
    arguments = vae_arguments(config)
    weights = convert_vae_state_dict(dict(read_file(str(folder / WEIGHTS_FILE), "a VAE in diffusers naming")))
    shapes = {name: tensor.shape for name, tensor in AutoencoderKL(**arguments).state_dict().items()}
    wide = {name: widened(tensor, shapes[name]) for name, tensor in weights.items()}
    vae = VAE(wide, config={"params": arguments})
    for name, module in vae.first_stage_model.named_modules():
        if isinstance(module, torch.nn.GroupNorm):  # as many channels a group as in the file
            module.num_groups = config["norm_num_groups"] * module.num_channels // weights[f"{name}.weight"].shape[0]
    note_vae_base(vae, folder.resolve().parent)
    vae.patcher.cached_patcher_init = (_vae_patcher, (folder,))
    return vae


def _vae_patcher(folder: Path, disable_dynamic: bool = False) -> ModelPatcher:
    return load_host_vae(folder).patcher  # as the host's own loader, which has no other kind to give


def vae_arguments(config: dict) -> dict:
    """Returns the arguments of the host's class for diffusers' config of an AutoencoderKL. Raises ValueError."""
    if config["scaling_factor"] != LATENT_SCALE:
        raise ValueError(
            f"The VAE has scaling_factor {config['scaling_factor']}; ComfyUI's latents of SD 1.5 have {LATENT_SCALE}."
        )
    channels = config["latent_channels"]
    widths = host_widths(config["block_out_channels"])
    layout = {"ch": widths[0], "ch_mult": [w // widths[0] for w in widths], "num_res_blocks": config["layers_per_block"]}
    image = {"in_channels": 3, "out_ch": 3, "resolution": 256, "z_channels": channels, "double_z": True}
    return {"embed_dim": channels, "ddconfig": layout | image | {"attn_resolutions": [], "dropout": 0.0}}


def host_widths(widths: list[int]) -> list[int]:
    """Returns the next widths that the host's norms take; still different where they were, for the shortcuts there."""
    out = []
    for i, width in enumerate(widths):
        if i and width == widths[i - 1]:
            out.append(out[-1])
            continue
        wide = -(-width // HOST_GROUPS) * HOST_GROUPS
        out.append(wide + HOST_GROUPS if i and wide == out[-1] else wide)
    return out
