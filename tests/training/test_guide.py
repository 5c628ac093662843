"""What helps nets from nothing: the person counts more, and attention must tell body parts apart."""

import torch
from pack.magicanimate_core.training.guide import emphasis, part_loss


def test_person_counts_more_where_it_is_or_was():
    parts, reference = torch.zeros(1, 1, 16, 16, dtype=torch.uint8), torch.zeros(1, 16, 16, dtype=torch.uint8)
    assert torch.equal(emphasis(parts, reference, 4), torch.ones(1, 1, 1, 8, 8))  # nobody there
    parts[0, 0, 4, 4] = 2  # latent pixel (2, 2)
    reference[0, 12, 12] = 9  # latent pixel (6, 6)
    weight = emphasis(parts, reference, 4)[0, 0, 0]
    torch.testing.assert_close(weight.mean(), torch.tensor(1.0))
    near = torch.zeros(8, 8, dtype=torch.bool)
    near[1:4, 1:4] = near[5:8, 5:8] = True  # with a margin of a latent pixel
    torch.testing.assert_close(weight[near] / weight[0, 0], torch.full((18,), 4.0))
    assert (weight[~near] == weight[0, 0]).all()
    assert torch.equal(emphasis(parts, reference, 1), torch.ones(1, 1, 1, 8, 8))


def test_loss_counts_the_person(animation, batch):
    """The weighted mean of the squared errors, from the predictions themselves."""
    module, given = animation("1", person=3.0), batch()
    given["parts"][..., 2:] = given["reference_parts"][..., 2:] = 0  # at the left of every picture
    with torch.no_grad():
        error = (module.predict(given) - given["noise"]) ** 2  # (R, F, 4, h, w)
        weight = emphasis(given["parts"], given["reference_parts"], 3.0)
        torch.testing.assert_close(module(given), (error * weight).mean())
        assert not torch.allclose(module(given), error.mean())


def test_part_loss_by_hand():
    """Two by two tokens over four by four labels: cross entropy to the shares, the background at a tenth."""
    parts = torch.zeros(1, 25, 4, 4)
    parts[0, 3, :2, :2] = 1  # the first token is part 3,
    parts[0, 0, :2, 2:] = 1  # the second background,
    parts[0, [5, 5, 7, 7], 2, [0, 1, 2, 3]] = parts[0, [0, 0, 7, 7], 3, [0, 1, 2, 3]] = 1  # half 5, and 7
    logits = torch.randn(1, 4, 25, generator=torch.Generator().manual_seed(0))
    logp = logits.log_softmax(-1)[0]
    entropies = torch.stack([-logp[0, 3], -logp[1, 0], -(logp[2, 5] + logp[2, 0]) / 2, -logp[3, 7]])
    weights = torch.tensor([1.1, 0.1, 0.6, 1.1])
    torch.testing.assert_close(part_loss(logits, parts), (entropies * weights).sum() / weights.sum())


def test_guide_reaches_both_nets_and_keeps_nothing(animation, batch):
    """Readers, encoder and what feeds the UNet's queries learn from it; nothing stays behind; files do not hold it."""
    module, plain, given = animation("scratch", guide=0.5), animation("scratch"), batch()
    loss = module.predict(given).sum() * 0 + module.guide(given["parts"], given["reference_parts"])
    loss.backward()
    for part in (module.guide, module.encoder, module.temporal, module.controlnet):
        assert any(p.grad is not None and p.grad.any() for p in part.parameters())
    assert not module.guide.queries and not module.guide.keys
    given["with_reference"][:] = False
    assert torch.isfinite(module(given))
    assert {name: set(t) for name, t in module.weights().items()} == {name: set(t) for name, t in plain.weights().items()}
    assert plain.guide is None


def test_guided_loss_is_the_sum(animation, batch):
    module, plain, given = animation("1", guide=0.5), animation("1"), batch()
    with torch.no_grad():
        plain.load_state_dict({k: v for k, v in module.state_dict().items() if not k.startswith("guide.")})
        alone = plain(given)
        together = module(given)
        module.predict(given)
        torch.testing.assert_close(together, alone + 0.5 * module.guide(given["parts"], given["reference_parts"]))
