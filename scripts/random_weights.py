"""Random weights in every published layout, so that the real loaders and graphs run where no trained ones can be had.

    python -m scripts.random_weights MODELS_FOLDER [--tiny] [--seed N]

writes checkpoints/random_sd15.safetensors (UNet, VAE and text encoder in one file, as Stable Diffusion 1.5 comes),
vae/random_vae.safetensors and the three MagicAnimate files, all fp16. What they draw is noise.
"""

import argparse
import zlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from magicanimate_core import architecture as arch
from magicanimate_core.motion_module import MotionLayout, MotionModule, sinusoidal_positions

TINY = arch.UNetShape((32, 64, 128, 128), (True, True, True, False), 768)

Shapes = dict[str, tuple[int, ...]]


def random_tensor(key: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """Unit gain for weights, about 1 for norms, about 0 for biases; each tensor has its own stream."""
    values = torch.randn(shape, generator=torch.Generator().manual_seed(zlib.crc32(f"{seed}:{key}".encode())))
    if key.endswith(".bias"):
        values *= 0.05
    elif len(shape) == 1:
        values = 1 + 0.1 * values
    else:
        values /= max(1, values[0].numel()) ** 0.5
    return values.half()


def random_tensors(shapes: Shapes, seed: int) -> dict[str, Tensor]:
    return {key: random_tensor(key, shape, seed) for key, shape in shapes.items()}


def unet_shapes(specs: dict[str, arch.TensorSpec], host_names: bool = False) -> Shapes:
    return {f"model.diffusion_model.{s.host_key}" if host_names else key: s.shape for key, s in specs.items()}


def motion_shapes(shape: arch.UNetShape) -> Shapes:
    with torch.device("meta"):
        module = MotionModule(MotionLayout(arch.temporal_widths(shape)))
    return {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}


def position_tables(shapes: Shapes, frames: int = 24) -> dict[str, Tensor]:
    """The positional tables that the published file carries, one for every temporal attention."""
    tables = {}
    for key, shape in shapes.items():
        if key.endswith("to_q.weight"):
            place = key.removesuffix("to_q.weight") + "pos_encoder.pe"
            tables[place] = sinusoidal_positions(frames, shape[0], like=torch.empty(0))[None].clone()
    return tables


def vae_shapes() -> Shapes:
    """Stable Diffusion's VAE, in diffusers naming (which ComfyUI converts)."""
    from diffusers import AutoencoderKL

    blocks = 4
    with torch.device("meta"):
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * blocks,
            up_block_types=("UpDecoderBlock2D",) * blocks,
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
            latent_channels=4,
        )
    return {key: tuple(tensor.shape) for key, tensor in vae.state_dict().items()}


def text_encoder_shapes() -> Shapes:
    """CLIP ViT-L/14's text model, as in a Stable Diffusion 1.5 checkpoint."""
    width, layers = 768, 12
    prefix = "cond_stage_model.transformer.text_model."
    shapes = {
        "embeddings.token_embedding.weight": (49408, width),
        "embeddings.position_embedding.weight": (77, width),
        "final_layer_norm.weight": (width,),
        "final_layer_norm.bias": (width,),
    }
    for i in range(layers):
        linear = {f"self_attn.{x}_proj": (width, width) for x in "qkv"} | {"self_attn.out_proj": (width, width)}
        linear |= {"mlp.fc1": (4 * width, width), "mlp.fc2": (width, 4 * width), "layer_norm1": (width,)}
        for name, shape in (linear | {"layer_norm2": (width,)}).items():
            shapes[f"encoder.layers.{i}.{name}.weight"] = shape
            shapes[f"encoder.layers.{i}.{name}.bias"] = shape[:1]
    return {prefix + key: shape for key, shape in shapes.items()}


def write(models: Path, shape: arch.UNetShape, seed: int = 0) -> None:
    def save(path: str, tensors: dict[str, Tensor]) -> None:
        target = models / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".ckpt":
            torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in tensors.items()}}, target)
        else:
            save_file(tensors, target, metadata={"format": "pt"})

    vae = random_tensors(vae_shapes(), seed)
    whole = random_tensors(unet_shapes(arch.unet_tensors(shape), host_names=True), seed)
    whole |= random_tensors(text_encoder_shapes(), seed) | {f"first_stage_model.{k}": v for k, v in vae.items()}
    save("checkpoints/random_sd15.safetensors", whole)
    save("vae/random_vae.safetensors", vae)
    del whole, vae
    encoder = random_tensors(unet_shapes(arch.encoder_tensors(shape)), seed + 1)
    save("magicanimate/appearance_encoder/diffusion_pytorch_model.safetensors", encoder)
    del encoder
    control = random_tensors(unet_shapes(arch.controlnet_tensors(shape)), seed + 2)
    save("magicanimate/densepose_controlnet/diffusion_pytorch_model.safetensors", control)
    motion = motion_shapes(shape)
    save(
        "magicanimate/temporal_attention/temporal_attention.ckpt", random_tensors(motion, seed + 3) | position_tables(motion)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, help="ComfyUI's models folder")
    parser.add_argument("--tiny", action="store_true", help="a UNet of a hundredth of the size (needs scripts/tiny_sd15)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write(options.models, TINY if options.tiny else arch.SD15, options.seed)


if __name__ == "__main__":
    main()
