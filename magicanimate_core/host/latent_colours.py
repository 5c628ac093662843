"""Which colours latents have, for the host's previews of a model whose latents are its own."""

import torch
import torch.nn.functional as F
from comfy.latent_formats import SD15
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from torch import Tensor


class OwnLatents(SD15):
    """Latents of SD 1.5's shape and scale that mean other colours: channels (4, 3) to RGB in [-1, 1], plus a bias (3,)."""

    def __init__(self, factors: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.latent_rgb_factors, self.latent_rgb_factors_bias = factors.tolist(), bias.tolist()
        self.taesd_decoder_name = None  # which decodes SD's


def fit_latent_colours(model: ModelPatcher, vae: VAE, pictures: Tensor) -> None:
    """Gives a freshly loaded MODEL previews in the right colours, by what its VAE makes of pictures (N, H, W, 3) in [0, 1].

    Least squares from the latents' channels to the mean colour under each of them.
    """
    latents = SD15().process_in(vae.encode(pictures)).float().cpu()  # (N, 4, h, w)
    colours = F.adaptive_avg_pool2d(pictures.float().movedim(-1, 1).cpu() * 2 - 1, latents.shape[-2:])  # (N, 3, h, w)
    known = F.pad(latents.movedim(1, -1).reshape(-1, 4), (0, 1), value=1.0)  # (N h w, 5)
    fitted = torch.linalg.lstsq(known, colours.movedim(1, -1).reshape(-1, 3)).solution  # (5, 3)
    model.model.latent_format = OwnLatents(fitted[:4], fitted[4])
