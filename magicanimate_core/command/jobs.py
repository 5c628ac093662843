"""One job: a photo and a pose video to a video on disk, interrupted and resumed at will."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from ..media.clip import PoseClip, fit_photo, read_photo
from ..media.writing import video_writer
from ..options import Settings
from ..pipeline.denoise import LATENT_SCALE, Conditions, Workers, denoise, initial_noise
from ..pipeline.models import Models, encode_prompt
from .state import fingerprint, load_state, remove_state, save_state


@dataclass(frozen=True)
class Job:
    reference: Path
    pose: Path
    out: Path
    prompt: str = ""
    negative: str = ""
    settings: Settings = field(default_factory=Settings)
    side_by_side: bool = False

    def check(self) -> None:
        for path, what in ((self.reference, "reference image"), (self.pose, "pose video")):
            if not path.is_file():
                raise FileNotFoundError(f"{what} {path} does not exist.")


@dataclass(frozen=True)
class Keeping:
    """How much of an interrupted job is kept."""

    resume: bool = False
    save_every: int = 1  # steps between saved states; 0: never


def run_job(
    models: Models,
    job: Job,
    model_files: list[Path],
    workers: Workers,
    keeping: Keeping,
    progress,
    keep_latents: bool = False,
) -> bool:
    """Writes job.out; False if --resume found it finished. progress(steps done) is called after every step."""
    finished = torch.tensor([int(workers.rank == 0 and keeping.resume and job.out.is_file())])
    workers.reduce(finished)  # the first process's disk decides: the others may be other machines
    if finished:
        return False
    job.check()
    job.settings.check_window(models.unet.motion.layout.max_length)
    clip = PoseClip(job.pose, keep=3 * job.settings.context_length)
    clip.resize(job.settings.width, job.settings.height, job.settings.fit)
    photo = fit_photo(read_photo(job.reference), clip.width, clip.height, job.settings.fit)
    identity = fingerprint(
        asdict(job.settings) | {"prompt": job.prompt, "negative": job.negative, "dtype": str(models.dtype)},
        [job.reference, job.pose, *model_files],
    )
    conditions = Conditions(
        encode_photo(models, photo), encode_prompt(models, job.prompt), encode_prompt(models, job.negative), clip, clip.count
    )
    begin, latents = _start(job, clip, identity, workers, keeping)
    progress(begin)
    steps = denoise(models, conditions, latents, job.settings, workers, begin)
    for done, latents in enumerate(steps, begin + 1):  # noqa: B020 - the last step's are the result
        if workers.rank == 0 and keeping.save_every and (done % keeping.save_every == 0 or done == job.settings.steps):
            save_state(job.out, latents, done, identity)
        progress(done)
    if workers.rank == 0:
        latents = latents[: clip.count]
        if keep_latents:
            save_file({"latents": latents.contiguous()}, job.out.with_suffix(".latents.safetensors"))
        write_video(models, job, clip, photo, latents)
        remove_state(job.out)
    workers.reduce(torch.zeros(1))  # nobody begins the next job before this one is on disk
    return True


def _start(job: Job, clip: PoseClip, identity: str, workers: Workers, keeping: Keeping) -> tuple[int, Tensor]:
    """(steps done, latents): from the first process's saved state, or the seed's noise."""
    latents = initial_noise(job.settings, clip.count, clip.height // 8, clip.width // 8)
    saved = load_state(job.out, identity) if keeping.resume and workers.rank == 0 else None
    step = torch.tensor([saved[0] if saved else 0])
    workers.reduce(step)  # the others add nothing: they need not see the first process's disk
    if step:
        latents = saved[1] if saved else torch.zeros_like(latents)
        workers.reduce(latents)
    return int(step), latents


@torch.inference_mode()
def encode_photo(models: Models, photo: Tensor) -> Tensor:
    """Reference image (1, 3, H, W) in [0, 1] -> the VAE's mean, scaled, (1, 4, H / 8, W / 8)."""
    pixels = (photo * 2 - 1).to(models.device, models.dtype)
    return models.vae.encode(pixels).latent_dist.mean * LATENT_SCALE


@torch.inference_mode()
def write_video(models: Models, job: Job, clip: PoseClip, photo: Tensor, latents: Tensor) -> None:
    """Decodes and writes one frame after the other."""

    def pixels(image: Tensor) -> np.ndarray:  # (3, H, W) in [0, 1]
        return (image.movedim(0, -1).float().cpu().clamp(0, 1) * 255).round().byte().numpy()

    with video_writer(job.out, clip.fps, clip.width * (3 if job.side_by_side else 1), clip.height) as write:
        for i, latent in enumerate(latents):
            decoded = models.vae.decode(latent[None].to(models.device, models.dtype) / LATENT_SCALE).sample
            frame = pixels(decoded[0] / 2 + 0.5)
            write(np.hstack([pixels(photo[0]), pixels(clip([i])[0]), frame]) if job.side_by_side else frame)
