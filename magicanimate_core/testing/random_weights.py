"""Random weights in every published layout, so that the real loaders and graphs run where no trained ones can be had.

    python -m magicanimate_core.testing.random_weights MODELS_FOLDER [--tiny] [--seed N]

writes checkpoints/random_sd15.safetensors (UNet, VAE and text encoder in one file, as Stable Diffusion 1.5 comes),
vae/random_vae.safetensors and the three MagicAnimate files, all fp16. What they draw is noise.
"""

import argparse
import zlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..method.motion_module import MotionLayout, MotionModule
from ..pipeline.base import build_unet
from ..weights import architecture as arch
from ..weights.published import PUBLISHED, position_tables

DEMO_SHAPE = arch.UNetShape((64, 64, 64, 64), (False, True, True, False), 32, res_blocks=1)
DEMO_HINT_WIDTHS = (8, 16, 32, 64)  # channels of its ControlNet's pose embedding
TINY_SHAPE = arch.UNetShape((32, 64, 128, 128), (True, True, True, False), 768)


def random_tensor(key: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """Draws a tensor of this shape: unit gain for weights, about 1 for norms, about 0 for biases; each its own stream."""
    values = torch.randn(shape, generator=torch.Generator().manual_seed(zlib.crc32(f"{seed}:{key}".encode())))
    if key.endswith(".bias"):
        values *= 0.05
    elif len(shape) == 1:
        values = 1 + 0.1 * values
    else:
        values /= max(1, values[0].numel()) ** 0.5
    return values.half()


def random_tensors(shapes: arch.Shapes, seed: int) -> dict[str, Tensor]:
    """Draws tensors of these shapes, by name."""
    return {key: random_tensor(key, shape, seed) for key, shape in shapes.items()}


def unet_shapes(specs: dict[str, arch.TensorSpec], host_names: bool = False) -> arch.Shapes:
    """Returns the shapes of a net's tensors, under diffusers' names or those of a single-file checkpoint."""
    return {f"model.diffusion_model.{s.host_key}" if host_names else key: s.shape for key, s in specs.items()}


def motion_shapes(shape: arch.UNetShape) -> arch.Shapes:
    """Returns the shapes of a motion module's tensors."""
    with torch.device("meta"):
        module = MotionModule(MotionLayout(arch.temporal_widths(shape)))
    return {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}


def vae_config(widths: tuple[int, ...] = (128, 256, 512, 512), res_blocks: int = 2) -> dict:
    """Arguments of diffusers' AutoencoderKL; Stable Diffusion's VAE unless told otherwise."""
    return {
        "down_block_types": ("DownEncoderBlock2D",) * len(widths),
        "up_block_types": ("UpDecoderBlock2D",) * len(widths),
        "block_out_channels": widths,
        "layers_per_block": res_blocks,
        "latent_channels": 4,
    }


def vae_shapes(config: dict) -> arch.Shapes:
    """A VAE in diffusers naming (which ComfyUI converts)."""
    from diffusers import AutoencoderKL

    with torch.device("meta"):
        vae = AutoencoderKL(**config)
    return {key: tuple(tensor.shape) for key, tensor in vae.state_dict().items()}


def tiny_vae_shapes() -> arch.Shapes:
    """The small VAE that people take for previews (TAESD), in ComfyUI's naming: a hundredth of the other's work."""
    from diffusers import AutoencoderTiny

    with torch.device("meta"):
        vae = AutoencoderTiny()
    shapes = {}
    for key, tensor in vae.state_dict().items():
        side, _, number, rest = key.split(".", 3)  # encoder.layers.3.weight
        shift = int(side == "decoder")  # whose first layer bounds the latents there, and has no weights
        shapes[f"taesd_{side}.{int(number) + shift}.{rest}"] = tuple(tensor.shape)
    return shapes


def text_encoder_shapes() -> arch.Shapes:
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


def write_models(models: Path, shape: arch.UNetShape, seed: int = 0, vae: arch.Shapes | None = None) -> None:
    """Writes a checkpoint, a VAE and the three files of MagicAnimate into a models folder of ComfyUI's, fp16.

    vae: its tensors' shapes; those of Stable Diffusion's own unless told otherwise.
    """

    def save(path: str, tensors: dict[str, Tensor]) -> None:
        target = models / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".ckpt":
            torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in tensors.items()}}, target)
        else:
            save_file(tensors, target, metadata={"format": "pt"})

    vae_tensors = random_tensors(vae or vae_shapes(vae_config()), seed)
    whole = random_tensors(unet_shapes(arch.unet_tensors(shape), host_names=True), seed)
    whole |= random_tensors(text_encoder_shapes(), seed) | {f"first_stage_model.{k}": v for k, v in vae_tensors.items()}
    save("checkpoints/random_sd15.safetensors", whole)
    save("vae/random_vae.safetensors", vae_tensors)
    del whole, vae_tensors
    encoder = random_tensors(unet_shapes(arch.encoder_tensors(shape)), seed + 1)
    save(f"magicanimate/{PUBLISHED['appearance_encoder']}", encoder)
    del encoder
    control = random_tensors(unet_shapes(arch.controlnet_tensors(shape)), seed + 2)
    save(f"magicanimate/{PUBLISHED['densepose_controlnet']}", control)
    motion = motion_shapes(shape)
    save(f"magicanimate/{PUBLISHED['temporal_attention']}", random_tensors(motion, seed + 3) | position_tables(motion))


def write_demo(weights: Path, shape: arch.UNetShape = DEMO_SHAPE, seed: int = 0) -> None:
    """Writes the layout of demo/weights: no text encoder, a VAE as narrow as the UNet, everything as safetensors."""
    from diffusers import AutoencoderKL

    def tensors(table, seed: int, *more) -> dict[str, Tensor]:
        return random_tensors(unet_shapes(table(shape, *more)), seed)

    build_unet(shape, tensors(arch.unet_tensors, seed)).half().save_pretrained(weights / "base" / "unet")
    config = vae_config((16, 32, 96, 96), res_blocks=1) | {"norm_num_groups": 4}
    vae = AutoencoderKL(**config)
    vae.load_state_dict(random_tensors(vae_shapes(config), seed))
    vae.half().save_pretrained(weights / "base" / "vae")
    save_file({"tokens": random_tensor("tokens", (1, shape.context_width), seed)}, weights / "base/empty_prompt.safetensors")
    scheduler = weights / "base" / "scheduler" / "scheduler_config.json"
    scheduler.parent.mkdir()
    scheduler.write_text('{"prediction_type": "v_prediction"}\n')
    motion = motion_shapes(shape)
    published = {
        "appearance_encoder/diffusion_pytorch_model": tensors(arch.encoder_tensors, seed + 1),
        "densepose_controlnet/diffusion_pytorch_model": tensors(arch.controlnet_tensors, seed + 2, DEMO_HINT_WIDTHS),
        "temporal_attention/temporal_attention": random_tensors(motion, seed + 3) | position_tables(motion),
    }
    for name, content in published.items():
        path = weights / "magicanimate" / f"{name}.safetensors"
        path.parent.mkdir(parents=True)
        save_file(content, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, help="ComfyUI's models folder")
    parser.add_argument("--tiny", action="store_true", help="nets of a hundredth of the size (needs tiny_sd15)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    shape, vae = (TINY_SHAPE, tiny_vae_shapes()) if options.tiny else (arch.SD15, None)
    write_models(options.models, shape, options.seed, vae)


if __name__ == "__main__":
    main()
