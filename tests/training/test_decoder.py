"""The decoder's own stage: it learns, nothing else does, and it is shown what the nets make of noise."""

import torch
from pack.magicanimate_core.training.decoder import DecoderLoss
from pack.magicanimate_core.training.guide import emphasis
from pack.magicanimate_core.training.vae import VaeSettings, edge_loss, new_vae


def given(batch) -> dict:
    pixels = torch.randint(0, 256, (2, 3, 32, 32, 3), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    out = batch() | {"pixels": pixels}
    out["parts"][..., 2:] = out["reference_parts"][..., 2:] = 0  # the person is at the left of every picture
    return out


def test_clean_is_what_noise_and_latents_say(animation, batch):
    """A net that knew the noise would see the clean latents."""
    module, seen = animation("1"), batch()
    module.predict = lambda batch: batch["noise"]
    torch.testing.assert_close(module.clean(seen), seen["latents"], atol=1e-4, rtol=1e-4)


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
        made = vae.decode(loss.animation.clean(seen).flatten(0, 1) / 0.18215).sample
        true = seen["pixels"].flatten(0, 1).movedim(-1, 1) / 127.5 - 1
        weight = emphasis(seen["parts"], seen["reference_parts"], 3.0).flatten(0, 1)
        weight = weight.repeat_interleave(8, -1).repeat_interleave(8, -2)
        expected = ((made - true).abs() * weight).mean() + 0.5 * edge_loss(made, true)
        torch.testing.assert_close(loss(seen), expected)
