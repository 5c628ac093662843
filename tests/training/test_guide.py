"""What helps nets from nothing: the person counts more, attention must find what matches and bring what it looks like."""

import math
import re

import torch
from pack.magicanimate_core.media.densepose import PART_NAMES
from pack.magicanimate_core.testing.tiny_training import TRAINING_SHAPE, random_batch, random_objective
from pack.magicanimate_core.training.from_nothing.guide import (
    BACKGROUND_WEIGHT,
    PART_GROUPS,
    Guide,
    grid_of,
    match_loss,
    shares,
    tokens_of,
)
from pack.magicanimate_core.training.from_nothing.person import person_weight

EVEN = torch.ones(2, 3, 1, 4, 4)  # what latent pixels count for: all alike


def test_person_counts_more_where_it_is_or_was():
    parts, reference = torch.zeros(1, 1, 16, 16, dtype=torch.uint8), torch.zeros(1, 16, 16, dtype=torch.uint8)
    assert torch.equal(person_weight(parts, reference, 4), torch.ones(1, 1, 1, 8, 8))  # nobody there
    parts[0, 0, 4, 4] = 2  # latent pixel (2, 2)
    reference[0, 12, 12] = 9  # latent pixel (6, 6)
    weight = person_weight(parts, reference, 4)[0, 0, 0]
    torch.testing.assert_close(weight.mean(), torch.tensor(1.0))
    near = torch.zeros(8, 8, dtype=torch.bool)
    near[1:4, 1:4] = near[5:8, 5:8] = True  # with a margin of a latent pixel
    torch.testing.assert_close(weight[near] / weight[0, 0], torch.full((18,), 4.0))
    assert (weight[~near] == weight[0, 0]).all()
    assert torch.equal(person_weight(parts, reference, 1), torch.ones(1, 1, 1, 8, 8))


def test_loss_counts_the_person():
    """The weighted mean of the squared errors, from the predictions themselves."""
    objective, batch = random_objective("1", person=3.0), random_batch()
    batch.parts[..., 2:] = batch.reference_parts[..., 2:] = 0  # at the left of every picture
    with torch.no_grad():
        squares = (objective.nets.predict(batch) - batch.noise) ** 2  # (N, F, 4, h, w)
        weight = person_weight(batch.parts, batch.reference_parts, 3.0)
        torch.testing.assert_close(objective(batch), (squares * weight).mean())
        assert not torch.allclose(objective(batch), squares.mean())


def test_loss_counts_the_change():
    """Half of the squared differences between the errors of neighbouring frames; pictures of stage 1 have no neighbours."""
    objective, plain, batch = random_objective("2", change=0.5), random_objective("2"), random_batch()
    with torch.no_grad():
        error = objective.nets.predict(batch) - batch.noise  # (N, F, 4, h, w)
        expected = ((error[:, 1:] - error[:, :-1]) ** 2).mean() / 2
        torch.testing.assert_close(objective(batch) - plain(batch), expected)
        still = {name: getattr(batch, name)[:, :1] for name in ("latents", "noise", "poses", "parts")}
        torch.testing.assert_close(objective(batch._replace(**still)), plain(batch._replace(**still)))
        torch.testing.assert_close(random_objective("1", change=0.5)(batch), random_objective("1")(batch))


def test_matches_by_hand():
    """Four tokens with an even attention: background matches its own place, a body part the same group anywhere."""
    targets, references = torch.zeros(1, 4, 9), torch.zeros(1, 4, 9)
    targets[0, range(4), [0, 0, 8, 3]] = 1  # background, background, head, foot
    references[0, range(4), [0, 8, 8, 1]] = 1  # background, head, head, torso
    even = torch.zeros(1, 2, 4, 8)
    # the first background token finds a quarter, the head a half; the other background is hidden and the foot unseen
    expected = (BACKGROUND_WEIGHT * math.log(4) + math.log(2)) / (BACKGROUND_WEIGHT + 1)
    torch.testing.assert_close(match_loss(even, even, targets, references), torch.tensor(expected))
    q = torch.eye(4).expand(1, 1, 4, 4) * 100
    assert match_loss(q, q[:, :, [0, 3, 2, 1]], targets, references) < 1e-6  # everything where it belongs
    assert match_loss(q, q[:, :, [3, 0, 1, 2]], targets, references) > 5
    asked = q[:, :, ::2]  # the first background token and the head
    assert match_loss(asked, q[:, :, [0, 3, 2, 1]], targets, references, 2) < 1e-6
    assert match_loss(asked, q[:, :, [0, 1, 3, 2]], targets, references, 2) > 5  # the head finds the torso
    assert match_loss(asked, q[:, :, [3, 1, 2, 0]], targets, references, 2) > 2  # and this background, too


def test_groups_of_parts_and_their_shares():
    assert len(PART_GROUPS) == 25 and {PART_NAMES[i] for i in range(25) if PART_GROUPS[i] == 8} == {
        "head, right",
        "head, left",
    }
    for group in range(1, 9):  # a group is one kind of part, whatever its side
        kinds = {re.sub("left |right ", "", PART_NAMES[i].split(",")[0]) for i in range(25) if PART_GROUPS[i] == group}
        assert len(kinds) == 1
    parts = torch.zeros(1, 4, 8, dtype=torch.uint8)
    parts[0, :2, :2], parts[0, 2, 2:4] = 24, 1  # a whole token, and half of one
    found = shares(parts, (2, 4))[0]
    assert found[0, 8] == 1 and found[5, 1] == found[5, 0] == 0.5 and found.sum() == 8
    assert grid_of(8, (4, 8)) == (2, 4) and grid_of(15, (10, 18)) == (3, 5)  # odd sizes round up


def test_guide_reaches_both_nets_and_leaves_nothing_behind():
    """Both nets and what feeds the UNet's queries learn from it; nothing watches any longer; it has no weights."""
    objective, plain, batch = random_objective("scratch", match=0.5), random_objective("scratch"), random_batch()
    nets, batch.with_reference[1] = objective.nets, False
    with objective.guide.watching() as seen:
        predicted = nets.predict(batch)
    outputs = dict(seen.outputs)
    nets.predict(random_batch(references=1))
    assert all(seen.outputs[name] is output for name, output in outputs.items())
    (predicted.sum() * 0 + objective.guide(seen, batch, EVEN)).backward()
    for part in (nets.encoder, nets.temporal, nets.controlnet):
        assert any(p.grad is not None and p.grad.any() for p in part.parameters())
    keys = max(nets.temporal.reading).replace("attn1", "norm1.weight")  # of the last attention, which no query depends on
    assert nets.weights()["encoder"][keys].grad.any()
    batch.with_reference[:] = False
    assert torch.isfinite(objective(batch))
    assert objective.state_dict().keys() == plain.state_dict().keys()


def test_guided_loss_is_the_sum():
    """Of Eq. 5, `match` times the one task and `appearance` times the other."""
    guided, plain, batch = random_objective("1", match=0.5, appearance=2.0), random_objective("1"), random_batch()
    with torch.no_grad():
        parts = []
        for name in ("match", "appearance"):
            with guided.guide.watching() as seen:
                guided.nets.predict(batch)
            guided.guide.match, guided.guide.appearance = float(name == "match"), float(name == "appearance")
            parts.append(guided.guide(seen, batch, EVEN))
        guided.guide.match, guided.guide.appearance = 0.5, 2.0
        torch.testing.assert_close(guided(batch), plain(batch) + 0.5 * parts[0] + 2.0 * parts[1])
    assert min(parts) > 0


class Attention(torch.nn.Identity):
    """What the guide wants of one: tokens go in and out, four wide."""

    def __init__(self):
        super().__init__()
        self.to_q, self.heads = torch.nn.Linear(4, 4), 1


def test_appearance_by_hand():
    """Heads that copy: what the tokens lack of the latents is the loss; a dropped reference asks nothing of its targets."""
    batch, attention, encoder = random_batch(), Attention(), torch.nn.Identity()
    guide = Guide({"up.attn1": attention}, encoder, match=0.0, appearance=3.0)
    for head in guide.heads["up_attn1"]:
        head.weight.data, head.bias.data = torch.eye(4), torch.zeros(4)
    targets, reference = tokens_of(batch.latents.flatten(0, 1), (4, 4)), tokens_of(batch.reference, (4, 4))
    batch.with_reference[1] = False
    weight = torch.rand(2, 3, 1, 4, 4)

    def loss(outputs, features):
        with guide.watching() as seen:
            attention(outputs), encoder({"up.attn1": features})
        return guide(seen, batch, weight).detach()

    assert loss(targets, reference) == 0
    torch.testing.assert_close(loss(targets, reference + 0.5), torch.tensor(3 * 0.25))
    torch.testing.assert_close(loss(targets + 0.5, reference), 3 * 0.25 * weight[0].mean())
    targets[3:] += 1  # the second reference is dropped: its targets cannot be known
    assert loss(targets, reference) == 0


def test_heads_learn_and_are_not_exported():
    objective, plain = random_objective("scratch", appearance=1.0), random_objective("scratch")
    objective(random_batch()).backward()
    assert all(p.grad.any() for p in objective.guide.heads.parameters())
    assert not any("heads" in name for part in objective.nets.weights().values() for name in part)
    more = objective.state_dict().keys() - plain.state_dict().keys()
    assert more and all(name.startswith("guide.heads.") for name in more)


def test_runs_without_a_loss_leave_nothing_to_the_next():
    """A validation clip runs the nets, too; the next batch may have no reference at all."""
    objective, plain, batch = random_objective("1", match=0.5), random_objective("1"), random_batch()
    with torch.no_grad():
        objective.nets.predict(random_batch(references=1))
        batch.with_reference[:] = False
        torch.testing.assert_close(objective(batch), plain(batch))


def test_an_untrained_base_gets_no_zeros_to_learn_through():
    from pack.magicanimate_core.pipeline.base import build_unet
    from pack.magicanimate_core.training.building import build_controlnet

    unet = build_unet(TRAINING_SHAPE)
    for random in (False, True):
        net = build_controlnet(None, unet, random=random)
        outputs = [*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out]
        assert all(bool(output.weight.any()) == random for output in outputs)
