"""Model files into diffusers' and transformers' classes: a diffusers folder, a single file, the published layout."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from .. import architecture as arch
from ..checkpoints import WrongFile, check_tensors, looks_like, read_tensors
from ..motion_module import MotionModule, motion_layout
from .unet import AppearanceEncoder, TemporalUNet

PUBLISHED = {
    "appearance_encoder": "appearance_encoder/diffusion_pytorch_model.safetensors",
    "densepose_controlnet": "densepose_controlnet/diffusion_pytorch_model.safetensors",
    "temporal_attention": "temporal_attention/temporal_attention.ckpt",
}
VAE_CONFIG = {
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "block_out_channels": [128, 256, 512, 512],
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
    "scaling_factor": 0.18215,
}
EMPTY_PROMPT = [49406] + [49407] * 76  # CLIP's tokens of "", so that the published setting needs no tokenizer files


@dataclass
class Models:
    unet: TemporalUNet
    encoder: AppearanceEncoder
    controlnet: nn.Module  # diffusers' ControlNetModel
    vae: nn.Module  # diffusers' AutoencoderKL
    text_encoder: nn.Module  # transformers' CLIPTextModel
    tokenizer: object | None = None

    def to(self, device, dtype) -> "Models":
        for part in (self.unet, self.encoder, self.controlnet, self.vae, self.text_encoder):
            part.to(device=device, dtype=dtype).eval().requires_grad_(False)
        return self

    @property
    def device(self) -> torch.device:
        return next(self.unet.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.unet.parameters()).dtype


def load_models(base: Path, magicanimate: Path, vae: Path | None = None) -> Models:
    """base: a diffusers folder or a single-file SD 1.5 checkpoint. magicanimate: folder of the published layout.

    vae: a diffusers folder or a single file, in place of the base model's own.
    """
    files = {name: _published(magicanimate, name) for name in PUBLISHED}
    single = not base.is_dir()
    tensors = read(base, "a Stable Diffusion 1.5 checkpoint or diffusers folder") if single else {}
    motion = load_motion_module(files["temporal_attention"])
    return Models(
        unet=TemporalUNet(_single_unet(base, tensors) if single else _folder_unet(base), motion),
        encoder=load_encoder(files["appearance_encoder"]),
        controlnet=load_controlnet(files["densepose_controlnet"]),
        vae=load_vae(vae or base, {} if vae else tensors),
        text_encoder=_single_text_encoder(base, tensors) if single else _folder_text_encoder(base),
        tokenizer=None if single else _folder_tokenizer(base),
    )


def read(path: Path, expected: str) -> dict[str, Tensor]:
    def load(name: str):
        return load_file(name) if name.endswith((".safetensors", ".sft")) else torch.load(name, "cpu", weights_only=True)

    return read_tensors(path, expected, load)


def _published(folder: Path, name: str) -> Path:
    wanted = folder / PUBLISHED[name]
    for path in (wanted, wanted.with_suffix(".safetensors"), folder / f"{name}.safetensors", folder / f"{name}.ckpt"):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{wanted} is missing: download zcxu-eric/MagicAnimate from Hugging Face into {folder}, its folders as they are."
    )


def _shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {k: tuple(v.shape) for k, v in tensors.items()}


def _shape_of(path: Path, tensors: dict[str, Tensor], expected: str) -> arch.UNetShape:
    try:
        return arch.unet_shape(_shapes(tensors))
    except (KeyError, IndexError, ValueError) as error:
        raise WrongFile(f"{path.name} looks like {looks_like(_shapes(tensors))}; expected {expected}.") from error


def unet_arguments(shape: arch.UNetShape) -> dict:
    """Constructor arguments of diffusers' UNet2DConditionModel and ControlNetModel."""
    down = tuple("CrossAttnDownBlock2D" if a else "DownBlock2D" for a in shape.attention)
    return {
        "in_channels": shape.latent_channels,
        "block_out_channels": shape.widths,
        "down_block_types": down,
        "layers_per_block": shape.res_blocks,
        "cross_attention_dim": shape.context_width,
        "attention_head_dim": 8,  # in these classes the number of heads
    }


def build_unet(shape: arch.UNetShape, tensors: dict[str, Tensor]):
    from diffusers import UNet2DConditionModel

    up = tuple("CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(shape.attention))
    unet = UNet2DConditionModel(**unet_arguments(shape), out_channels=shape.latent_channels, up_block_types=up)
    unet.load_state_dict({k: v.float() for k, v in tensors.items()})
    return unet


def load_motion_module(path: Path) -> MotionModule:
    expected = "a MagicAnimate motion module (temporal_attention)"
    tensors = {k.removeprefix("module.").removeprefix("unet."): v for k, v in read(path, expected).items()}
    tensors = {k: v for k, v in tensors.items() if ".motion_modules." in k}
    try:
        layout = motion_layout(_shapes(tensors))
    except (KeyError, IndexError, ValueError, StopIteration) as error:
        found = looks_like(_shapes(read(path, expected)))
        raise WrongFile(f"{path.name} looks like {found}; expected {expected}.") from error
    module = MotionModule(layout)
    weights = {k: v.float() for k, v in tensors.items() if not k.endswith("pos_encoder.pe")}
    check_tensors(path.name, weights, _shapes(module.state_dict()), expected)
    module.load_state_dict(weights)
    return module


def load_encoder(path: Path) -> AppearanceEncoder:
    expected = "a MagicAnimate appearance encoder"
    tensors = read(path, expected)
    shape = _shape_of(path, tensors, expected)
    whole = arch.unet_tensors(shape)
    wanted = whole if "conv_out.weight" in tensors else arch.encoder_tensors(shape)
    check_tensors(path.name, tensors, {k: spec.shape for k, spec in wanted.items()}, expected)
    unread = {k: torch.zeros(spec.shape) for k, spec in whole.items() if k not in tensors}
    return AppearanceEncoder(build_unet(shape, tensors | unread))


def load_controlnet(path: Path):
    from diffusers import ControlNetModel

    expected = "a DensePose ControlNet for SD 1.5"
    tensors = read(path, expected)
    shape = _shape_of(path, tensors, expected)
    check_tensors(path.name, tensors, {k: s.shape for k, s in arch.controlnet_tensors(shape).items()}, expected)
    controlnet = ControlNetModel(**unet_arguments(shape), conditioning_embedding_out_channels=(16, 32, 96, 256))
    controlnet.load_state_dict({k: v.float() for k, v in tensors.items()})
    return controlnet


def _folder_unet(folder: Path):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel.from_pretrained(folder, subfolder="unet", local_files_only=True)


def _single_unet(path: Path, tensors: dict[str, Tensor]):
    """The UNet of a single-file checkpoint: its host names back to diffusers'."""
    prefix = "model.diffusion_model."
    own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)} or tensors
    if "conv_in.weight" not in own:  # the host's names
        own = _diffusers_names(path, own)
    expected = "a Stable Diffusion 1.5 UNet"
    shape = _shape_of(path, own, expected)
    check_tensors(path.name, own, {k: spec.shape for k, spec in arch.unet_tensors(shape).items()}, expected)
    return build_unet(shape, own)


def _diffusers_names(path: Path, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A UNet of SD 1.5's layout under diffusers' names; its widths are those of the first convolution of each level."""
    try:
        widths = tuple(tensors[f"input_blocks.{1 + 3 * i}.0.in_layers.2.weight"].shape[0] for i in range(4))
        text = tensors["middle_block.1.transformer_blocks.0.attn2.to_k.weight"].shape[1]
    except KeyError as error:
        found = looks_like(_shapes(tensors))
        raise WrongFile(f"{path.name} looks like {found}; expected a Stable Diffusion 1.5 checkpoint.") from error
    specs = arch.unet_tensors(arch.UNetShape(widths, arch.SD15.attention, text))
    return {key: tensors[spec.host_key] for key, spec in specs.items() if spec.host_key in tensors}


def load_vae(path: Path, tensors: dict[str, Tensor]):
    """AutoencoderKL from a diffusers folder (of a VAE or a pipeline) or from a single file."""
    from diffusers import AutoencoderKL

    if path.is_dir():
        sub = "vae" if (path / "vae").is_dir() else None
        return AutoencoderKL.from_pretrained(path, subfolder=sub, local_files_only=True)
    tensors = tensors or read(path, "a VAE of Stable Diffusion 1.5")
    own = {
        k.removeprefix("first_stage_model."): v for k, v in tensors.items() if k.startswith("first_stage_model.")
    } or tensors
    if any(k.startswith("encoder.down_blocks.") for k in own):  # diffusers' names in one file
        vae = AutoencoderKL(**VAE_CONFIG)
        vae.load_state_dict({k: v.float() for k, v in own.items()})
        return vae
    with tempfile.TemporaryDirectory() as folder:
        AutoencoderKL(**VAE_CONFIG).save_config(folder)
        return AutoencoderKL.from_single_file({f"first_stage_model.{k}": v for k, v in own.items()}, config=folder)


def _folder_text_encoder(folder: Path):
    from transformers import CLIPTextModel

    return CLIPTextModel.from_pretrained(folder / "text_encoder", local_files_only=True)


def _folder_tokenizer(folder: Path):
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(folder / "tokenizer") if (folder / "tokenizer").is_dir() else None


def _single_text_encoder(path: Path, tensors: dict[str, Tensor]):
    """CLIP ViT-L/14's text model, as in every SD 1.5 checkpoint."""
    from transformers import CLIPTextConfig, CLIPTextModel

    prefixes = ("cond_stage_model.transformer.text_model.", "cond_stage_model.transformer.")
    config = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        max_position_embeddings=77, hidden_act="quick_gelu", projection_dim=768,
    )  # fmt: skip
    model = CLIPTextModel(config)
    own = {k.removeprefix(prefixes[0]).removeprefix(prefixes[1]): v for k, v in tensors.items() if k.startswith(prefixes)}
    weights = {}
    for key in (k for k in model.state_dict() if not k.endswith("position_ids")):
        name = key.removeprefix("text_model.")
        if name not in own:
            raise WrongFile(f"{path.name} has no text encoder (`{name}` is missing); expected a whole SD 1.5 checkpoint.")
        weights[key] = own[name].float()
    model.load_state_dict(weights, strict=False)
    return model


def encode_prompt(models: Models, prompt: str) -> Tensor:
    """Text tokens of a prompt, (1, 77, D)."""
    if not prompt:
        tokens = torch.tensor([EMPTY_PROMPT])
    elif models.tokenizer is None:
        raise ValueError(
            "A prompt needs CLIP's tokenizer, which single-file checkpoints do not hold: give --base a diffusers folder "
            "(with tokenizer/), or leave prompt and negative empty, as the published results do."
        )
    else:
        tokens = models.tokenizer(
            prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt"
        ).input_ids
    with torch.no_grad():
        return models.text_encoder(tokens.to(models.device))[0].to(models.dtype)
