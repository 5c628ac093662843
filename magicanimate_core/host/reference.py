"""Hybrid attention on the host's MODEL: the appearance encoder reads the reference once per step (Eq. 1, 2)."""

from functools import partial

import comfy.model_management as mm
import torch
from comfy.ldm.modules.attention import optimized_attention
from comfy.patcher_extension import WrappersMP
from torch import Tensor

from ..method.hybrid_attention import KeysValues, hybrid_attention
from . import unet as places
from .run import KEY, Run, add_wrapper_once, run_of, track_runs

REFERENCE_KEY = f"{KEY}.appearance_encoder"


def apply_reference(model, encoder, latent: Tensor):
    """model: MODEL of SD 1.5; encoder: ModelPatcher from load_appearance_encoder; latent: the VAE's, (1, 4, H, W).

    Returns a patched clone of `model`.
    """
    latent = model.model.process_latent_in(latent)
    model = model.clone()
    track_runs(model)
    model.set_additional_models(REFERENCE_KEY, [encoder])
    model.remove_wrappers_with_key(WrappersMP.DIFFUSION_MODEL, REFERENCE_KEY)  # a second reference takes the place
    forward = partial(_reference_forward, encoder.model, latent)
    add_wrapper_once(model, WrappersMP.DIFFUSION_MODEL, forward, REFERENCE_KEY)
    return model


def check_fit(model, encoder) -> None:
    """Raise ValueError unless the appearance encoder was made for this MODEL's architecture."""
    unet = places.net_shape(places.model_unet(model))
    own = places.net_shape(encoder.model.diffusion_model)
    if (own.widths, own.context_width) != (unet.widths, unet.context_width):
        raise ValueError(
            f"The appearance encoder has widths {own.widths} and {own.context_width}-wide text, this MODEL has "
            f"{unet.widths} and {unet.context_width}: use an encoder made for this base model (SD 1.5 for MagicAnimate's)."
        )


def _reference_forward(encoder, latent, executor, x, timesteps, context, y, control, transformer_options, **kwargs):
    run = run_of(transformer_options) or _run_alone(context, transformer_options)
    uuids = transformer_options.get("uuids") or [None] * len(transformer_options.get("cond_or_uncond") or [0])
    if any(uuid in run.texts for uuid in uuids):
        unet = executor.class_obj
        references = _references(run, uuids, encoder, latent, unet, timesteps, x)
        transformer_options = hybrid_options(unet, references, transformer_options)
    return executor(x, timesteps, context, y, control, transformer_options, **kwargs)


def _run_alone(context: Tensor, transformer_options: dict) -> Run:
    """Outside the sampler (a pack that calls the model itself): conditioning 0 is the positive one."""
    kinds = transformer_options.get("cond_or_uncond") or [0]
    texts = context.chunk(len(kinds))
    uuids = transformer_options.get("uuids") or [None] * len(kinds)
    return Run({uuid: text for uuid, text, kind in zip(uuids, texts, kinds, strict=True) if kind == 0})


def _references(run: Run, uuids, encoder, latent, unet, timesteps, x) -> list[dict | None]:
    """For every conditioning of this call, the reference's keys and values at each place, or None where it is not seen."""
    step = float(timesteps[0]), x.dtype, x.device
    if run.references.get("step") != step:  # every window of a step, and every call of it, reads the same features
        run.references.clear()
        run.references["step"] = step
    for uuid in uuids:
        if uuid in run.texts and uuid not in run.references:
            features = encode_reference(encoder, latent, timesteps[:1], run.texts[uuid][:1])
            run.references[uuid] = keys_values(unet, features, x)
    return [run.references.get(uuid) for uuid in uuids]


def keys_values(unet, features: dict[places.Place, Tensor], x: Tensor) -> dict[places.Place, KeysValues]:
    """The UNet's own projections of the reference features, once for all frames, as (1, R, D) like x."""
    blocks = places.reference_blocks(unet)
    tokens = {place: feature.to(x) for place, feature in features.items()}
    return {place: (blocks[place].attn1.to_k(n), blocks[place].attn1.to_v(n)) for place, n in tokens.items()}


def hybrid_options(unet, references: list[dict | None], transformer_options: dict) -> dict:
    """transformer_options under which the self-attentions of middle and way up see `references`, one per conditioning."""
    replaced = {**transformer_options.get("patches_replace", {})}
    attentions = {**replaced.get("attn1", {})}
    for place in places.reference_blocks(unet):
        if place not in attentions:  # a layer that another pack has taken over stays theirs (as in perturbed attention)
            attentions[place] = partial(_attend, [None if kv is None else kv[place] for kv in references])
    return {**transformer_options, "patches_replace": {**replaced, "attn1": attentions}}


def _attend(references, q, k, v, options) -> Tensor:
    """The host's attn1 replacement: q, k, v (B, L, D), projected; one reference (or None) per conditioning."""

    def attend(q, k, v):
        return optimized_attention(
            q, k, v, options["n_heads"], attn_precision=options["attn_precision"], transformer_options=options
        )

    return hybrid_attention(q, k, v, references, attend)


class _AllRead(Exception):
    """The last features are read: what the encoder would compute after them is for nobody."""


def encode_reference(encoder, latent: Tensor, timestep: Tensor, text: Tensor) -> dict[places.Place, Tensor]:
    """The appearance encoder on the clean reference latent (Eq. 1): the normalised inputs of its self-attentions.

    encoder: the host's BaseModel; latent (1, 4, H, W), scaled; timestep (1,); text (1, L, D). Place -> (1, R, D).
    """
    device = timestep.device
    manual = encoder.manual_cast_dtype
    dtype = manual if manual is not None else encoder.get_dtype()
    wanted = list(places.reference_blocks(encoder.diffusion_model))
    features: dict[places.Place, Tensor] = {}

    def read(n, keys, values, options):
        if options["block"] in wanted:
            features[options["block"]] = n
        if options["block"] == wanted[-1]:
            raise _AllRead
        return n, keys, values

    try:
        encoder.diffusion_model(
            latent.to(device, dtype),
            timestep,
            context=text.to(device, dtype),
            transformer_options={"patches": {"attn1_patch": [read]}},
        )
    except _AllRead:
        return features
    raise RuntimeError("The appearance encoder ran past its last self-attention without reaching it.")


def encode_image(vae, image: Tensor) -> Tensor:
    """Reference image (1, H, W, 3) -> the VAE's latent (1, 4, H/8, W/8), unscaled, kept off the device."""
    return vae.encode(image[:, :, :, :3]).to(mm.intermediate_device(), torch.float32)
