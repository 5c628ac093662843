"""Everything that an animation needs, small and random, through the pack's own loaders and the host's own modules."""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import torch
from pack.magicanimate_core.media.densepose import paint
from pack.magicanimate_core.testing import tiny
from pack.magicanimate_core.weights.published import PUBLISHED, WEIGHTS_FILE

# as the drop-downs of the loader nodes name the files; no other folder of models has the same names
CHOICES = {part: f"magicanimate/{file}" for part, file in PUBLISHED.items()}

EIGHTS = {"context_length": 8, "context_overlap": 2}  # of frames: a short clip is several windows, too


class PoolingVAE:
    """Stands in for the host's VAE (83 M parameters): averages 8 x 8 pixels. The server tests use the real one."""

    def encode(self, pixels):
        pooled = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1), 8)  # (F, 3, H/8, W/8)
        return torch.cat([pooled, pooled.mean(1, keepdim=True)], 1) * 8 - 4


@dataclass(eq=False)
class Small:
    files: "tiny.Files"
    run: object

    SIZE = 64

    @classmethod
    def write(cls, folder: Path, run) -> "Small":
        """Random weights into `folder`, in the published layout, and the host told where they are."""
        import folder_paths

        files = tiny.write_tiny(folder, size=cls.SIZE)
        folder_paths.add_model_folder_path("magicanimate", str(folder))
        return cls(files, run)

    def base(self):
        """A fresh MODEL of SD 1.5's architecture, 32 channels wide."""
        return host_model(self.files.base / "unet" / WEIGHTS_FILE)

    @cached_property
    def shared_base(self):
        return self.base()

    def temporal(self, model=None):
        """The temporal UNet on a MODEL; on the shared one it is loaded once, and everybody has a clone."""
        return self.shared_temporal.clone() if model is None else self._loaded(model)

    @cached_property
    def shared_temporal(self):
        return self._loaded(self.shared_base)

    def _loaded(self, model):
        return self.run("MagicAnimateTemporalUNetLoader", model=model, motion_module=CHOICES["temporal_attention"])[0]

    @cached_property
    def encoder(self):
        return self.run("MagicAnimateAppearanceEncoderLoader", appearance_encoder=CHOICES["appearance_encoder"])[0]

    @cached_property
    def control_net(self):
        return self.run("MagicAnimateDensePoseControlNetLoader", control_net=CHOICES["densepose_controlnet"])[0]

    vae = PoolingVAE()

    @property
    def text(self):
        """positive, negative"""
        generator = torch.Generator().manual_seed(5)
        return tuple([[torch.randn(1, 77, 48, generator=generator), {}]] for _ in range(2))

    def image(self, seed: int = 6):
        return torch.rand(1, self.SIZE, self.SIZE, 3, generator=torch.Generator().manual_seed(seed))

    def poses(self, frames: int, seed: int = 7):
        return random_poses(frames, self.SIZE, self.SIZE, seed)

    @cache  # noqa: B019 - one object per test session
    def expected(self, frames: int = 20, **changes):
        """Latents of Animate, computed once for the tests that compare with them."""
        return self.animate(frames, **changes)

    def animate(self, frames: int = 20, **changes):
        """Latents of Animate with all defaults but few steps."""
        positive, negative = self.text
        inputs = {
            "model": self.temporal(), "appearance_encoder": self.encoder, "control_net": self.control_net, "vae": self.vae,
            "positive": positive, "negative": negative, "reference_image": self.image(), "pose_video": self.poses(frames),
            "seed": 3, "steps": 2,
        }  # fmt: skip
        return self.run("MagicAnimateAnimate", **(inputs | changes))[0]["samples"]


def random_poses(frames: int, height: int, width: int, seed: int = 7):
    """Every pixel of any part, (F, H, W, 3): the colours are DensePose's, the figure is nobody's."""
    parts = torch.randint(0, 25, (frames, height, width), generator=torch.Generator().manual_seed(seed))
    return torch.from_numpy(paint(parts.numpy())).float() / 255


def host_model(path: Path):
    """A UNet file in diffusers naming as the host's MODEL, fp32."""
    import comfy.model_management as mm
    import comfy.model_patcher
    import comfy.supported_models
    from pack.magicanimate_core.host.loading import host_config
    from pack.magicanimate_core.weights import architecture as arch
    from safetensors.torch import load_file

    weights = load_file(path)
    shape = arch.unet_shape({k: tuple(v.shape) for k, v in weights.items()})
    config = comfy.supported_models.SD15(host_config(shape))
    config.set_inference_dtype(torch.float32, None)
    model = config.get_model({}, "")
    model.load_model_weights({k: v.float() for k, v in arch.host_keys(arch.unet_tensors(shape), weights).items()}, "")
    return comfy.model_patcher.ModelPatcher(model, mm.get_torch_device(), mm.unet_offload_device())


def host_vision(folder: Path):
    """An image model in a folder of transformers as the host's CLIP_VISION."""
    from comfy.clip_vision import ClipVisionModel
    from safetensors.torch import load_file

    vision = ClipVisionModel(str(folder / "config.json"))
    vision.load_sd(load_file(folder / "model.safetensors"))
    return vision


def predictions(model, positive, negative, latents, timestep):
    """Noise predictions (unconditional, conditional) of one evaluation, through the host's sampler."""
    import comfy.samplers

    sigma = model.get_model_object("model_sampling").sigmas[timestep]
    caught = {}

    def catch(args):
        # denoised = x - sigma * noise
        caught["rows"] = [(args["input"] - args[k]) / sigma for k in ("uncond_denoised", "cond_denoised")]
        return args["denoised"]

    model = model.clone()
    model.set_model_sampler_post_cfg_function(catch)
    guider = comfy.samplers.CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(7.5)
    sampler = comfy.samplers.ksampler("euler")
    with torch.inference_mode():
        guider.sample(latents.clone(), torch.zeros_like(latents), sampler, torch.tensor([sigma, 0.0]), disable_pbar=True)
    return caught["rows"]
