"""What helps nets from nothing: the person counts more, and attention must find the places that match."""

import math
import re

import torch
from pack.magicanimate_core.densepose import PART_NAMES
from pack.magicanimate_core.training.guide import BACKGROUND, GROUPS, emphasis, grid_of, match_loss, shares


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


def test_matches_by_hand():
    """Four tokens with an even attention: background matches its own place, a body part the same group anywhere."""
    targets, references = torch.zeros(1, 4, 9), torch.zeros(1, 4, 9)
    targets[0, range(4), [0, 0, 8, 3]] = 1  # background, background, head, foot
    references[0, range(4), [0, 8, 8, 1]] = 1  # background, head, head, torso
    even = torch.zeros(1, 2, 4, 8)
    # the first background token finds a quarter, the head a half; the other background is hidden and the foot unseen
    expected = (BACKGROUND * math.log(4) + math.log(2)) / (BACKGROUND + 1)
    torch.testing.assert_close(match_loss(even, even, targets, references), torch.tensor(expected))
    q = torch.eye(4).expand(1, 1, 4, 4) * 100
    assert match_loss(q, q[:, :, [0, 3, 2, 1]], targets, references) < 1e-6  # everything where it belongs
    assert match_loss(q, q[:, :, [3, 0, 1, 2]], targets, references) > 5


def test_groups_of_parts_and_their_shares():
    assert len(GROUPS) == 25 and {PART_NAMES[i] for i in range(25) if GROUPS[i] == 8} == {"head, right", "head, left"}
    for group in range(1, 9):  # a group is one kind of part, whatever its side
        kinds = {re.sub("left |right ", "", PART_NAMES[i].split(",")[0]) for i in range(25) if GROUPS[i] == group}
        assert len(kinds) == 1
    parts = torch.zeros(1, 4, 8, dtype=torch.uint8)
    parts[0, :2, :2], parts[0, 2, 2:4] = 24, 1  # a whole token, and half of one
    found = shares(parts, (2, 4))[0]
    assert found[0, 8] == 1 and found[5, 1] == found[5, 0] == 0.5 and found.sum() == 8
    assert grid_of(8, (4, 8)) == (2, 4) and grid_of(15, (10, 18)) == (3, 5)  # odd sizes round up


def test_guide_reaches_both_nets_and_keeps_nothing(animation, batch):
    """Both nets and what feeds the UNet's queries learn from it; nothing stays behind; it has no weights."""
    module, plain, given = animation("scratch", match=0.5), animation("scratch"), batch()
    given["with_reference"][1] = False
    loss = module.predict(given).sum() * 0 + guide_loss(module, given)
    loss.backward()
    for part in (module.encoder, module.temporal, module.controlnet):
        assert any(p.grad is not None and p.grad.any() for p in part.parameters())
    keys = max(module.temporal.reading).replace("attn1", "norm1.weight")  # of the last attention, which no query depends on
    assert module.weights()["encoder"][keys].grad.any()
    assert not module.guide.queries and not module.guide.keys
    given["with_reference"][:] = False
    assert torch.isfinite(module(given))
    assert module.state_dict().keys() == plain.state_dict().keys() and plain.guide is None


def test_guided_loss_is_the_sum(animation, batch):
    module, plain, given = animation("1", match=0.5), animation("1"), batch()
    with torch.no_grad():
        alone, together = plain(given), module(given)
        module.predict(given)
        torch.testing.assert_close(together, alone + 0.5 * guide_loss(module, given))


def test_guide_forgets_runs_without_a_loss(animation, batch):
    """A validation clip runs the nets, too; the next batch may have no reference at all."""
    module, plain, given = animation("1", match=0.5), animation("1"), batch()
    with torch.no_grad():
        module.predict(batch(references=1))
        given["with_reference"][:] = False
        torch.testing.assert_close(module(given), plain(given))


def guide_loss(module, given) -> torch.Tensor:
    return module.guide(given["parts"], given["reference_parts"], given["with_reference"])
