"""The VAE that a model from nothing gets."""

from dataclasses import replace

import numpy as np
import torch
from pack.magicanimate_core.data import DancerClips, Sample
from pack.magicanimate_core.media.densepose import paint
from pack.magicanimate_core.pipeline.latents import decode, encode
from pack.magicanimate_core.testing.tiny_training import TINY_VAE
from pack.magicanimate_core.training.from_nothing.vae import VaeTask, build_vae, crop, normalise
from pack.magicanimate_core.weights.architecture import LATENT_SCALE


def small_vae():
    torch.manual_seed(0)
    return build_vae(TINY_VAE).requires_grad_(False).eval()


def test_normalised_latents_have_unit_variance_and_decode_alike():
    vae, pixels = small_vae(), torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    before = decode(vae, encode(vae, pixels))
    spread = vae.encode(pixels).latent_dist.std
    normalise(vae, encode(vae, pixels) / LATENT_SCALE)
    latents = encode(vae, pixels)
    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(decode(vae, latents), before, atol=1e-4, rtol=0)
    ratio = vae.encode(pixels).latent_dist.std / spread  # uncertainty is scaled along
    torch.testing.assert_close(ratio, ratio[:1, :, :1, :1].expand_as(ratio), rtol=1e-3, atol=1e-3)


def test_the_vaes_loss_falls():
    torch.manual_seed(0)
    settings = replace(TINY_VAE, batch=2, crop=32)
    picture = DancerClips(1, "train", 1, 32, 32).read(0, [0])
    task = VaeTask(
        build_vae(settings), settings, lambda rng, count: Sample(*(np.repeat(x, count, 0) for x in picture)), seed=0
    )
    optimizer = torch.optim.AdamW(task.module.parameters(), lr=3e-3)
    losses = []
    for step in range(30):
        loss = task.module(task.prepare(task.batch(step, 0, 0)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


def test_crops_lie_on_the_person():
    """Around a place of the body that the pose shows, inside the picture; without a pose, anywhere."""
    size, rng = 64, np.random.default_rng(0)
    place = np.stack(np.mgrid[:size, :size], -1).astype(np.uint8)  # every pixel tells where it is
    image, pose = np.dstack([place, place[..., :1]]), paint(np.zeros((size, size), int))
    pose[40, 20] = paint(np.array(2))
    for _ in range(5):
        found = crop(image, pose, 16, rng)
        assert found.shape == (16, 16, 3) and (found[8, 8, :2] == [40, 20]).all()
    pose[40, 20], pose[63, 0] = paint(np.array(0)), paint(np.array(2))
    assert (crop(image, pose, 16, rng)[-1, 0, :2] == [63, 0]).all()  # as near to the corner as a crop can be
    corners = {tuple(crop(image, None, 16, rng)[0, 0, :2]) for _ in range(20)}
    assert len(corners) > 10


def test_several_crops_of_one_picture():
    settings, asked = replace(TINY_VAE, batch=6, crop=16, crops=4, person=0.5), []

    def pictures(rng, count):
        asked.append(count)
        return DancerClips(1, "train", 2, 32, 32).read(0, range(count))

    task = VaeTask(build_vae(settings), settings, pictures, seed=0)
    assert task.batch(0, 0, 0).pixels.shape == (8, 3, 16, 16) and asked == [2]
