"""The nets that a stage starts with: from files where there are some, else new, as the paper begins."""

import copy
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from ..method.motion_module import MotionLayout, MotionModule
from ..pipeline import prompts
from ..pipeline.base import Base, build_unet, load_autoencoder, load_base, read_weights
from ..pipeline.models import load_controlnet, load_motion
from ..weights import architecture as arch
from ..weights.files import file_name
from ..weights.prediction import PREDICTIONS
from ..weights.published import ENCODER, PUBLISHED, encoder_weights, shapes_of
from .animation import Animation
from .config import Config, ModelFiles
from .run.processes import processes
from .stage import Stage


def build_nets(stage: Stage, config: Config, previous: Path | None) -> tuple[nn.Module, Animation]:
    """Returns the VAE and the nets of a stage, the VAE on this process's device.

    previous: an export of an earlier stage, which goes before the config's files. Raises ValueError where there is no base.
    """
    base = load_or_build_base(config, previous)
    vae = base.vae.eval().requires_grad_(False).to(processes().device)  # that of this process, where there are several
    torch.manual_seed(config.seed)  # new weights
    shape = arch.unet_shape(shapes_of(base.unet.state_dict()))
    files = starting_files(config.model, previous)
    nets = Animation(
        base.unet,
        build_encoder(files.get("appearance_encoder"), base.unet),
        build_controlnet(files.get("densepose_controlnet"), base.unet, config.model.hint_widths, random=stage.fresh),
        build_motion_module(files.get("temporal_attention"), shape) if stage.temporal else None,
        base.text_encoder(prompts.token_ids("", None))[0].detach(),
        trains=stage.trains,
        prediction=base.prediction,
    )
    if config.run.gradient_checkpointing:
        nets.enable_gradient_checkpointing()
    if config.run.half is not None:
        nets.halve_frozen(config.run.half)
    return vae, nets


def starting_files(files: ModelFiles, previous: Path | None) -> Mapping[str, Path]:
    """Returns files of the published layout to start from, by their names; what is missing begins anew."""
    places: dict[str, Path] = {}
    for folder in (Path(files.magicanimate) if files.magicanimate else None, previous and previous / "magicanimate"):
        for name, place in PUBLISHED.items():
            for path in (folder / place, (folder / place).with_suffix(".safetensors")) if folder else ():
                if path.is_file():
                    places[name] = path
    return places


def load_or_build_base(config: Config, previous: Path | None) -> Base:
    """Returns the Stable Diffusion 1.5 of an earlier stage's export, else the config's, else a new one with an earlier VAE.

    Raises ValueError where there is none of them.
    """
    files = config.model
    vae = Path(files.vae) if files.vae else None
    if previous and (previous / "base" / "unet").is_dir():
        return load_base(previous / "base", vae, files.prediction)
    if files.base:
        return load_base(Path(files.base), vae, files.prediction)
    if not files.widths or not previous:
        raise ValueError(
            "model.base names no Stable Diffusion 1.5: give one, or model.widths of a new one after a VAE's export."
        )
    torch.manual_seed(config.seed)
    unet = build_unet(arch.UNetShape(files.widths, files.attention, files.context_width, files.layers))
    tokens = torch.zeros(1, 1, files.context_width)  # no text encoder: the empty prompt is a single zero
    return Base(
        unet=unet,
        vae=load_autoencoder(vae or previous / "base"),
        text_encoder=prompts.EmptyPrompt(tokens),
        tokenizer=prompts.refuse,
        prediction=files.prediction or PREDICTIONS[0],
    )


def build_encoder(path: Path | None, unet: nn.Module) -> nn.Module:
    """Builds the published encoder, or a trainable copy of the base UNet (Sec. 3.2)."""
    return (
        copy.deepcopy(unet) if path is None else build_unet(*encoder_weights(file_name(path), read_weights(path, ENCODER)))
    )


def build_controlnet(
    path: Path | None, unet: nn.Module, hint_widths: tuple[int, ...] = arch.HINT_WIDTHS, *, random: bool = False
) -> nn.Module:
    """Builds the published pose ControlNet, or the base UNet's way down with outputs that begin at zero.

    `random` outputs are for a new base: zeros spare one that can draw already, and an untrained one only loses time.
    """
    from diffusers import ControlNetModel

    if path is not None:
        return load_controlnet(path)
    net = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=hint_widths)
    outputs = [*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out]
    for output in outputs if random else ():
        output.reset_parameters()
    return net


def build_motion_module(path: Path | None, shape: arch.UNetShape) -> MotionModule:
    """Builds the published temporal layers, or new ones that change nothing yet: their last projections are zero."""
    if path is not None:
        return load_motion(path)
    module = MotionModule(MotionLayout(arch.temporal_widths(shape)))
    for site in module.layout.widths:
        nn.init.zeros_(module.at(site).proj_out.weight)
        nn.init.zeros_(module.at(site).proj_out.bias)
    return module
