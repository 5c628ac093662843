"""Hybrid attention on the host's MODEL: the appearance encoder reads the reference once per step (Eq. 1, 2)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import comfy.model_management as mm
import torch
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from comfy.model_base import BaseModel
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrapperExecutor, WrappersMP
from comfy.sd import VAE
from torch import Tensor

from ..media.images import check_finite, check_image, fit_photo, target_size
from ..method.hybrid_attention import FeaturesRead, KeysValues, hybrid_attention
from . import unet as places
from .attention import host_attention
from .checks import check_first
from .rows import Row
from .run import KEY, Evaluation, Run, add_wrapper_once, call_of, track_runs, window_of

REFERENCE_KEY = f"{KEY}.appearance_encoder"

Features = Mapping[places.Place, Tensor]  # normalised inputs of the encoder's self-attentions, each (1, L, D)
References = Sequence[Mapping[places.Place, KeysValues] | None]  # one per conditioning of a call


def apply_reference_image(
    model: ModelPatcher, encoder: ModelPatcher, vae: VAE, image: Tensor, *, width: int, height: int, fit: str
) -> ModelPatcher:
    """Returns a MODEL whose conditional rows see the reference image (1, H, W, 3).

    width, height: pixels, 0 for the image's own. Raises ValueError for an image, a size or an encoder that cannot be used.
    """
    check_reference(image)
    _check_fit(model, encoder)
    width, height = target_size(width, height, image)
    return apply_reference(model, encoder, encode_image(vae, fit_photo(image, width, height, fit)))


def check_reference(image: Tensor) -> None:
    """Raises ValueError unless there is one opaque RGB image (1, H, W, 3) of finite numbers."""
    check_image(image, "reference_image")
    if image.shape[0] != 1:
        raise ValueError(f"reference_image is a batch of {image.shape[0]} images; expected one (ImageFromBatch picks it).")
    check_finite(image, "reference_image")


def apply_reference(model: ModelPatcher, encoder: ModelPatcher, latent: Tensor) -> ModelPatcher:
    """Returns a clone of a MODEL of SD 1.5 whose conditional rows see a reference latent, the VAE's (1, 4, h, w).

    encoder: from load_appearance_encoder.
    """
    latent = model.model.process_latent_in(latent)
    model = model.clone()
    track_runs(model)
    check_first(model)
    model.set_additional_models(REFERENCE_KEY, [encoder])
    model.remove_wrappers_with_key(WrappersMP.DIFFUSION_MODEL, REFERENCE_KEY)  # a second reference takes the place
    forward = partial(_reference_forward, encoder.model, latent)
    add_wrapper_once(model, WrappersMP.DIFFUSION_MODEL, forward, REFERENCE_KEY)
    return model


def encode_image(vae: VAE, image: Tensor) -> Tensor:
    """Encodes a reference image (1, H, W, 3) to the VAE's latent (1, 4, h, w), unscaled, kept off the device."""
    return vae.encode(image[:, :, :, :3]).to(mm.intermediate_device(), torch.float32)


@torch.compiler.disable  # a compiler cannot trace the exception that ends it; the UNet around it may be compiled
def encode_reference(encoder: BaseModel, latent: Tensor, timestep: Tensor, text: Tensor) -> Features:
    """Lets the appearance encoder read the clean reference latent (Eq. 1), up to its last self-attention.

    latent (1, 4, h, w), scaled; timestep (1,); text (1, L, D). Returns normalised inputs by place, each (1, L, D).
    Raises RuntimeError for a net that has none.
    """
    device = timestep.device
    manual = encoder.manual_cast_dtype
    dtype = manual if manual is not None else encoder.get_dtype()
    read_places = list(places.reference_blocks(encoder.diffusion_model))
    features: dict[places.Place, Tensor] = {}

    def read(n: Tensor, keys: Tensor, values: Tensor, options: dict) -> tuple[Tensor, Tensor, Tensor]:  # (1, L, D) each
        if options["block"] in read_places:
            features[options["block"]] = n
        if options["block"] == read_places[-1]:
            raise FeaturesRead
        return n, keys, values

    try:
        encoder.diffusion_model(
            latent.to(device, dtype),
            timestep,
            context=text.to(device, dtype),
            transformer_options={"patches": {"attn1_patch": [read]}},
        )
    except FeaturesRead:
        return features
    raise RuntimeError("The appearance encoder ran past its last self-attention without reaching it.")


def keys_values(unet: UNetModel, features: Features, like: Tensor) -> dict[places.Place, KeysValues]:
    """Projects the reference features by the UNet's own keys and values, once for all frames, as (1, L, D) like `like`."""
    blocks = places.reference_blocks(unet)
    tokens = {place: feature.to(like) for place, feature in features.items()}
    return {place: (blocks[place].attn1.to_k(n), blocks[place].attn1.to_v(n)) for place, n in tokens.items()}


def hybrid_options(unet: UNetModel, references: References, transformer_options: dict) -> dict:
    """Returns transformer_options under which the self-attentions of middle and way up see the references."""
    replaced = {**transformer_options.get("patches_replace", {})}
    attentions = {**replaced.get("attn1", {})}
    for place in places.reference_blocks(unet):
        if place not in attentions:  # a layer that another pack has taken over stays theirs (as in perturbed attention)
            attentions[place] = partial(_attend, [None if kv is None else kv[place] for kv in references])
    return {**transformer_options, "patches_replace": {**replaced, "attn1": attentions}}


def _check_fit(model: ModelPatcher, encoder: ModelPatcher) -> None:
    """Raises ValueError unless the appearance encoder was made for this MODEL's architecture."""
    unet = places.net_shape(places.model_unet(model))
    other = places.net_shape(encoder.model.diffusion_model)
    if (other.widths, other.context_width) != (unet.widths, unet.context_width):
        raise ValueError(
            f"The appearance encoder has widths {other.widths} and {other.context_width}-wide text, this MODEL has "
            f"{unet.widths} and {unet.context_width}: use an encoder made for this base model (SD 1.5 for MagicAnimate's)."
        )


@torch.compiler.disable(recursive=False)  # what it calls may be compiled: the UNet, as one graph
def _reference_forward(
    encoder: BaseModel, latent: Tensor, executor: WrapperExecutor, x: Tensor, timesteps: Tensor, context: Tensor, y: Any,
    control: Any, transformer_options: dict, **kwargs,
) -> Tensor:  # fmt: skip
    """Runs the UNet on x (B, 4, h, w) with the references of its conditionings."""
    run, rows = call_of(context, transformer_options)
    if any(row is not None and row.positive for row in rows):
        unet = executor.class_obj

        def project(text: Tensor) -> dict[places.Place, KeysValues]:  # (1, L, D)
            return keys_values(unet, encode_reference(encoder, latent, timesteps[:1], text), x)

        evaluation = window_of(transformer_options, x.shape[0] // len(rows), timesteps).evaluation
        references = _references(run, rows, evaluation, x, project)
        transformer_options = hybrid_options(unet, references, transformer_options)
    return executor(x, timesteps, context, y, control, transformer_options, **kwargs)


@torch.compiler.disable  # a compiler would make a net anew for every sigma
def _references(
    run: Run, rows: Sequence[Row | None], evaluation: Evaluation, x: Tensor,
    project: Callable[[Tensor], Mapping[places.Place, KeysValues]],
) -> References:  # fmt: skip
    """The reference's keys and values, each (1, M, D), for every conditioning of a call, None where it is not seen.

    x: what the UNet is given, (B, 4, h, w). Every window of a step, and every call of it, reads the same features; the
    sampler's sigma stands for the timestep, as for that the device would have to be waited for in every call.
    """
    known = run.references.at((evaluation.sigma, x.dtype, x.device))
    texts = [row.text if row is not None and row.positive else None for row in rows]
    for text in texts:
        if text is not None and text not in known:
            known[text] = project(run.rows.texts[text][:1])
    return [None if text is None else known[text] for text in texts]


def _attend(references: Sequence[KeysValues | None], q: Tensor, k: Tensor, v: Tensor, options: dict) -> Tensor:
    """The host's attn1 replacement: q, k, v (B, L, D), projected; one reference (or None) per conditioning."""

    if k.shape[0] != q.shape[0]:  # queries in tiles (HyperTile): each has its strip of keys, as in the host's own attention
        k, v = (t.reshape(q.shape[0], -1, t.shape[-1]) for t in (k, v))  # (B tiles, L / tiles, D)
    return hybrid_attention(q, k, v, references, host_attention(options))
