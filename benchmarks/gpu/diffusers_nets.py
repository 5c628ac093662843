"""Part 2 without ComfyUI: the command line's denoising, and the official algorithm's amount of work on the same nets."""

from functools import partial

import torch
from diffusers.models.attention_processor import AttnProcessor2_0
from torch import Tensor, nn

from magicanimate_core.method.windows import SCHEDULES
from magicanimate_core.options import Settings
from magicanimate_core.pipeline.animate import clip_conditions
from magicanimate_core.pipeline.base import build_unet
from magicanimate_core.pipeline.conditions import Conditions, PoseImages
from magicanimate_core.pipeline.denoise import denoise, initial_noise
from magicanimate_core.pipeline.models import Models, load_models
from magicanimate_core.testing.random_weights import TINY_SHAPE
from magicanimate_core.weights.architecture import SD15

from .bench import Bench, Rows
from .measuring import Memory, Timed, counted, has_card, now
from .pictures import dancer

TIMESTEP = 601  # any


def load(bench: Bench) -> Models:
    folder = bench.base / "models"
    models = load_models(folder / "checkpoints" / "random_sd15.safetensors", folder / "magicanimate")
    return models.to("cuda" if has_card() else "cpu", torch.float16 if has_card() else torch.float32)


def conditions(bench: Bench, models: Models, frames: int) -> Conditions:
    """A random reference latent, the empty prompt and a drawn clip."""
    side = bench.sizes.side // 8
    poses = PoseImages(dancer(bench.sizes.side, frames)[1].movedim(-1, 1))  # (F, 3, H, W)
    return clip_conditions(models, torch.randn(1, 4, side, side), poses)


def windows(bench: Bench, steps: int) -> Settings:
    return Settings(steps=steps, context_length=bench.sizes.window, context_overlap=bench.sizes.overlap)


def clips(bench: Bench) -> Rows:
    """`animate` without files and VAE."""
    models, sizes = load(bench), bench.sizes
    run(bench, models, sizes.window, 2)  # the card chooses its kernels
    for frames in sizes.clips:
        with Memory() as memory:
            timed = run(bench, models, frames, sizes.steps if frames == sizes.frames else 2)
        yield f"{frames} frames", timed.numbers() | memory.numbers()
    step = partial(run, bench, models, sizes.frames)
    yield f"{sizes.frames} frames, counted", counted(step, sizes.steps, bench.matrix_tflops)


def run(bench: Bench, models: Models, frames: int, steps: int) -> Timed:
    settings, side = windows(bench, steps), bench.sizes.side // 8
    given, noise = conditions(bench, models, frames), initial_noise(settings, frames, side, side)
    begin = now()
    return Timed(marks=[begin, *(now() for _ in denoise(models.nets, given, noise, settings))])


class Official:
    """The published code's work: no more of its results than their amount.

    In a step: the appearance encoder to its end, two rows of it; every frame once through the ControlNet, all outputs kept
    on the device; in every window's reading self-attentions the reference projected for every row, both halves attending to
    it, and the unconditional half once more without.
    """

    def __init__(self, bench: Bench, models: Models):
        self.models, self.nets, self.bench = models, models.nets, bench
        self.encoder = build_unet(TINY_SHAPE if bench.tiny else SD15).to(self.nets.device, self.nets.dtype).eval()
        for attention in self.nets.unet.reading.values():
            attention.register_forward_hook(read_as_published)

    @torch.inference_mode()
    def run(self, frames: int, steps: int) -> Timed:
        given, side = conditions(self.bench, self.models, frames), self.bench.sizes.side // 8
        timestep = torch.tensor(TIMESTEP, device=self.nets.device)
        features = self.nets.encoder(given.reference, timestep, given.positive)
        reference = self.nets.unet.keys_values(features)
        latents = initial_noise(windows(self.bench, steps), frames, side, side).to(
            self.nets.device, self.nets.dtype
        )  # (F, 4, h, w)
        marks = [now()]
        for _ in range(steps):
            latents = self.step(given, reference, latents, timestep)
            marks.append(now())
        return Timed(marks=marks, latents=latents)

    def step(self, given: Conditions, reference: dict, latents: Tensor, timestep: Tensor) -> Tensor:
        """latents: (F, 4, h, w), on the device. Returns the guided prediction in their place."""
        count, length = len(latents), self.bench.sizes.window
        texts = given.positive.expand(length, -1, -1)  # (K, L, D)
        self.encoder(given.reference.expand(2, -1, -1, -1), timestep, encoder_hidden_states=texts[:2])
        chunks = [list(range(first, first + length)) for first in range(0, count, length)]
        outputs = zip(*(self.residuals(given, latents, texts, chunk, timestep) for chunk in chunks), strict=True)
        kept = [torch.cat(layer) for layer in outputs]  # each (F, C, h, w)
        sums, weights = torch.zeros_like(torch.cat([latents] * 2)).unflatten(0, (2, -1)), latents.new_zeros(count)
        for window in SCHEDULES["official"].windows(count, length, self.bench.sizes.overlap):
            out = self.nets.unet(
                torch.cat([latents[window]] * 2), timestep, torch.cat([texts] * 2), frames=length,
                references=[reference, reference], residuals=[torch.cat([layer[window]] * 2) for layer in kept],
            )  # fmt: skip
            sums[:, window] += out.unflatten(0, (2, -1))
            weights[window] += 1
        unconditional, conditional = sums / weights[:, None, None, None]
        return unconditional + 7.5 * (conditional - unconditional)

    def residuals(self, given: Conditions, latents: Tensor, texts: Tensor, frames: list[int], timestep: Tensor) -> list:
        """Outputs of the ControlNet for some frames of latents (F, 4, h, w), each a Tensor (K, C, h, w)."""
        hints = given.poses([min(f, len(given.poses) - 1) for f in frames]).to(latents)  # (K, 3, H, W)
        arguments = {"encoder_hidden_states": texts, "controlnet_cond": hints, "return_dict": False}
        skips, middle = self.nets.controlnet(latents[frames], timestep, **arguments)
        return [*skips, middle]


def read_as_published(attention: nn.Module, inputs: tuple[Tensor], out: Tensor) -> None:
    """Forward hook: what the published code computes beside an attention. out: (B, L, D)."""
    tokens = inputs[0]  # (B, L, D), the unconditional half first; the reference has as many
    attention.to_k(tokens), attention.to_v(tokens)
    AttnProcessor2_0()(attention, tokens[: len(tokens) // 2])


def official(bench: Bench) -> Rows:
    """The same clips as ours."""
    sizes = bench.sizes
    work = Official(bench, load(bench))
    work.run(sizes.window, 2)
    for frames in sizes.clips:
        with Memory() as memory:
            timed = work.run(frames, sizes.steps if frames == sizes.frames else 2)
        yield f"{frames} frames", timed.numbers() | memory.numbers()
    yield f"{sizes.frames} frames, counted", counted(partial(work.run, sizes.frames), sizes.steps, bench.matrix_tflops)
