"""The nets that a stage starts with: from files where there are some, else new, as the paper begins."""

import copy
from pathlib import Path

import torch
from torch import nn

from ..method.motion_module import MotionLayout, MotionModule
from ..pipeline import prompts
from ..pipeline.base import Base, build_unet, load_autoencoder, load_base, read_weights
from ..pipeline.models import load_controlnet, load_motion
from ..weights import architecture as arch
from ..weights.published import ENCODER, PUBLISHED, encoder_weights, shapes_of
from .animation import VIDEO, Animation
from .config import Config, ModelFiles


def animation(config: Config, stage: str, base: Base, previous: Path | None) -> Animation:
    """The module that the stage trains. previous: an export of an earlier stage, which goes before the config's files."""
    torch.manual_seed(config.seed)  # new weights
    shape = arch.unet_shape(shapes_of(base.unet.state_dict()))
    files = starting_files(config.model, previous)
    module = Animation(
        base.unet,
        encoder_unet(files.get("appearance_encoder"), base.unet),
        controlnet(files.get("densepose_controlnet"), base.unet, config.model.hint_widths, stage == "scratch"),
        motion_module(files.get("temporal_attention"), shape) if stage in VIDEO else None,
        base.text_encoder(prompts.token_ids("", None))[0].detach(),
        stage,
        base.prediction,
        config.loss,
    )
    if config.loss.gradient_checkpointing:
        module.enable_gradient_checkpointing()
    return module


def starting_files(files: ModelFiles, previous: Path | None) -> dict[str, Path]:
    """Files of the published layout to start from, by their names; what is missing begins anew."""
    found = {}
    for folder in (Path(files.magicanimate) if files.magicanimate else None, previous and previous / "magicanimate"):
        for name, place in PUBLISHED.items():
            for path in (folder / place, (folder / place).with_suffix(".safetensors")) if folder else ():
                if path.is_file():
                    found[name] = path
    return found


def base_model(files: ModelFiles, previous: Path | None) -> Base:
    """The Stable Diffusion 1.5 of an earlier stage's export, else the config's, else a new one with an earlier VAE."""
    vae = Path(files.vae) if files.vae else None
    if previous and (previous / "base" / "unet").is_dir():
        return load_base(previous / "base", vae)
    if files.base:
        return load_base(Path(files.base), vae)
    if not files.widths or not previous:
        raise ValueError(
            "model.base names no Stable Diffusion 1.5: give one, or model.widths of a new one after a VAE's export."
        )
    unet = build_unet(arch.UNetShape(files.widths, files.attention, files.context_width, files.layers))
    tokens = torch.zeros(1, 1, files.context_width)  # no text encoder: the empty prompt is a single zero
    frozen = load_autoencoder(vae or previous / "base")
    return Base(
        unet=unet,
        vae=frozen,
        text_encoder=prompts.EmptyPrompt(tokens),
        tokenizer=prompts.refuse,
        prediction=files.prediction,
    )


def encoder_unet(path: Path | None, unet):
    """The published encoder, or a trainable copy of the base UNet (Sec. 3.2)."""
    return copy.deepcopy(unet) if path is None else build_unet(*encoder_weights(path.name, read_weights(path, ENCODER)))


def controlnet(path: Path | None, unet, hint_widths: tuple[int, ...] = arch.HINT_WIDTHS, scratch: bool = False):
    """The published pose ControlNet, or the base UNet's way down with outputs that begin at zero.

    With `scratch` they begin random: zeros spare a base model that can draw already, and an untrained one only loses time.
    """
    from diffusers import ControlNetModel

    if path is not None:
        return load_controlnet(path)
    net = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=hint_widths)
    outputs = [*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out]
    for output in outputs if scratch else ():
        output.reset_parameters()
    return net


def motion_module(path: Path | None, shape: arch.UNetShape) -> MotionModule:
    """The published temporal layers, or new ones that change nothing yet: their last projections are zero."""
    if path is not None:
        return load_motion(path)
    module = MotionModule(MotionLayout(arch.temporal_widths(shape)))
    for site in module.layout.widths:
        nn.init.zeros_(module.at(site).proj_out.weight)
        nn.init.zeros_(module.at(site).proj_out.bias)
    return module
