"""The decoder's own stage: it learns, nothing else does, and it is shown what the nets sample from noise."""

import torch
from pack.magicanimate_core.training.from_nothing.decoder import DecoderLoss
from pack.magicanimate_core.training.from_nothing.guide import emphasis
from pack.magicanimate_core.training.from_nothing.vae import VaeSettings, edge_loss, new_vae


def given(batch) -> dict:
    pixels = torch.randint(0, 256, (2, 3, 32, 32, 3), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    out = batch() | {"pixels": pixels}
    out["parts"][..., 2:] = out["reference_parts"][..., 2:] = 0  # the person is at the left of every picture
    return out


def test_a_net_that_knew_the_noise_would_see_the_clean_latents(animation, batch):
    module, seen = animation("1"), batch()
    module.predict = lambda batch: batch["noise"]
    clean, noise = module.parted(seen)
    torch.testing.assert_close(clean, seen["latents"], atol=1e-4, rtol=1e-4)
    assert noise is seen["noise"]


@torch.no_grad()
def test_two_steps_by_hand(animation, batch):
    """DDIM from the end of the schedule to the batch's timesteps, then to the end. The true latents are never looked at."""
    module, seen = animation("1"), batch()
    s = [module.signal[t].view(-1, 1, 1, 1, 1) for t in (torch.full((2,), 999), seen["timesteps"])]
    z = (1 - s[0]).sqrt() * seen["noise"]
    at = lambda latents, noise, t: module.predict(seen | {"latents": latents, "noise": noise, "timesteps": t})  # noqa: E731
    noise = at(torch.zeros_like(z), seen["noise"], torch.full((2,), 999))
    clean = (z - (1 - s[0]).sqrt() * noise) / s[0].sqrt()
    z = s[1].sqrt() * clean + (1 - s[1]).sqrt() * noise
    expected = (z - (1 - s[1]).sqrt() * at(clean, noise, seen["timesteps"])) / s[1].sqrt()
    torch.testing.assert_close(module.sampled(seen | {"latents": torch.full_like(z, torch.nan)}), expected)


def test_only_the_decoder_learns(animation, batch):
    vae = new_vae(VaeSettings(widths=(8, 8, 8, 8), groups=4))
    loss = DecoderLoss(vae, animation("2"), person=3.0, edges=0.5)
    loss.train()
    assert not loss.animation.training
    loss(given(batch)).backward()
    learnt = {name for name, p in loss.named_parameters() if p.grad is not None}
    assert learnt and all(name.startswith(("vae.decoder.", "vae.post_quant_conv.")) for name in learnt)
    assert learnt == {name for name, p in loss.named_parameters() if p.requires_grad}


def test_loss_by_hand(animation, batch):
    vae, seen = new_vae(VaeSettings(widths=(8, 8, 8, 8), groups=4)), given(batch)
    loss = DecoderLoss(vae, animation("2"), person=3.0, edges=0.5)
    with torch.no_grad():
        made = vae.decode(loss.animation.sampled(seen).flatten(0, 1) / 0.18215).sample
        true = seen["pixels"].flatten(0, 1).movedim(-1, 1) / 127.5 - 1
        weight = emphasis(seen["parts"], seen["reference_parts"], 3.0).flatten(0, 1)
        weight = weight.repeat_interleave(8, -1).repeat_interleave(8, -2)
        expected = ((made - true).abs() * weight).mean() + 0.5 * edge_loss(made, true)
        torch.testing.assert_close(loss(seen), expected)
