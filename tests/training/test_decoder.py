"""The decoder's own stage: it learns, nothing else does, and it is shown what the nets sample from noise."""

import torch
from pack.magicanimate_core.testing.tiny_training import TINY_VAE, random_batch, random_nets
from pack.magicanimate_core.training.from_nothing.decoder import DecoderLoss, Frames
from pack.magicanimate_core.training.from_nothing.person import person_weight
from pack.magicanimate_core.training.from_nothing.rollout import predict_clean, two_step_clean
from pack.magicanimate_core.training.from_nothing.vae import build_vae, edge_loss


def random_frames() -> Frames:
    """A batch whose person is at the left of every picture, with its pixels."""
    pixels = torch.randint(0, 256, (2, 3, 32, 32, 3), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    batch = random_batch()
    batch.parts[..., 2:] = batch.reference_parts[..., 2:] = 0
    return Frames(batch, pixels)


def test_a_net_that_knew_the_noise_would_see_the_clean_latents():
    nets, batch = random_nets("1"), random_batch()
    nets.predict = lambda batch: batch.noise
    clean, noise = predict_clean(nets, batch)
    torch.testing.assert_close(clean, batch.latents, atol=1e-4, rtol=1e-4)
    assert noise is batch.noise


@torch.no_grad()
def test_two_steps_by_hand():
    """DDIM from the end of the schedule to the batch's timesteps, then to the end. The true latents are never looked at."""
    nets, batch = random_nets("1"), random_batch()
    a = [nets.schedule.alphas[t].view(-1, 1, 1, 1, 1) for t in (torch.full((2,), 999), batch.timesteps)]
    z = (1 - a[0]).sqrt() * batch.noise
    at = lambda latents, noise, t: nets.predict(batch._replace(latents=latents, noise=noise, timesteps=t))  # noqa: E731
    noise = at(torch.zeros_like(z), batch.noise, torch.full((2,), 999))
    clean = (z - (1 - a[0]).sqrt() * noise) / a[0].sqrt()
    z = a[1].sqrt() * clean + (1 - a[1]).sqrt() * noise
    expected = (z - (1 - a[1]).sqrt() * at(clean, noise, batch.timesteps)) / a[1].sqrt()
    torch.testing.assert_close(two_step_clean(nets, batch._replace(latents=torch.full_like(z, torch.nan))), expected)


def test_only_the_decoder_learns():
    loss = DecoderLoss(build_vae(TINY_VAE), random_nets("2"), person=3.0, edges=0.5)
    loss.train()
    assert not loss.nets.training
    loss(random_frames()).backward()
    learnt = {name for name, p in loss.named_parameters() if p.grad is not None}
    assert learnt and all(name.startswith(("vae.decoder.", "vae.post_quant_conv.")) for name in learnt)
    assert learnt == {name for name, p in loss.named_parameters() if p.requires_grad}


def test_loss_by_hand():
    vae, frames = build_vae(TINY_VAE), random_frames()
    loss = DecoderLoss(vae, random_nets("2"), person=3.0, edges=0.5)
    with torch.no_grad():
        made = vae.decode(two_step_clean(loss.nets, frames.batch).flatten(0, 1) / 0.18215).sample
        true = frames.pixels.flatten(0, 1).movedim(-1, 1) / 127.5 - 1
        weight = person_weight(frames.batch.parts, frames.batch.reference_parts, 3.0).flatten(0, 1)
        weight = weight.repeat_interleave(8, -1).repeat_interleave(8, -2)
        expected = ((made - true).abs() * weight).mean() + 0.5 * edge_loss(made, true)
        torch.testing.assert_close(loss(frames), expected)
