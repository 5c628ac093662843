"""Losses and gradients of the stages."""

import pytest
import torch
from pack.magicanimate_core.method.noise import betas
from pack.magicanimate_core.testing.tiny_training import TRAINING_SHAPE, random_batch, random_objective
from pack.magicanimate_core.training.from_nothing.rollout import two_step_clean
from pack.magicanimate_core.training.objective import WEIGHTINGS, Objective
from pack.magicanimate_core.weights import architecture as arch

PARTS = {"scratch": {"unet", "encoder", "controlnet"}, "1": {"encoder", "controlnet"}, "2": {"motion"}}


@pytest.mark.parametrize("stage", PARTS)
def test_only_the_named_parts_learn(stage):
    """Sec. 3.4: stage 1 encoder and ControlNet, stage 2 the temporal layers; `scratch` everything but those."""
    objective = random_objective(stage)
    objective(random_batch()).backward()
    for part, tensors in objective.nets.weights().items():
        learning = {name for name, tensor in tensors.items() if tensor.grad is not None and tensor.grad.any()}
        if part not in PARTS[stage]:
            assert not learning and not any(tensor.requires_grad for tensor in tensors.values())
            continue
        needed = arch.encoder_tensors(TRAINING_SHAPE) if part == "encoder" else tensors  # of the encoder, what a file holds
        assert set(needed) == learning


@pytest.mark.parametrize("stage", ["1", "2"])
def test_loss_is_the_papers(stage):
    """Eq. 5 frame by frame, Eq. 6 clip by clip, from the nets themselves; one reference is dropped."""
    objective, batch = random_objective(stage), random_batch()
    batch.with_reference[1] = False
    nets, alphas, errors = objective.nets, torch.cumprod(1 - betas(), 0), []
    with torch.no_grad():
        for n in range(2):
            t = batch.timesteps[n]
            reference = None
            if batch.with_reference[n]:
                reference = nets.temporal.keys_values(nets.encoder(batch.reference[n : n + 1], t, nets.text))
            frames = [[0, 1, 2]] if stage == "2" else [[0], [1], [2]]
            for chosen in frames:
                clean, noise = batch.latents[n, chosen], batch.noise[n, chosen]
                noisy = alphas[t] ** 0.5 * clean + (1 - alphas[t]) ** 0.5 * noise
                text = nets.text.expand(len(chosen), -1, -1)
                skips, middle = nets.controlnet(
                    noisy, t, encoder_hidden_states=text, controlnet_cond=batch.poses[n, chosen], return_dict=False
                )
                out = nets.temporal(noisy, t, text, frames=len(chosen), references=[reference], residuals=[*skips, middle])
                errors.append((out - noise) ** 2)
        torch.testing.assert_close(objective(batch), torch.cat(errors).mean())


def test_without_help_the_objective_is_the_papers():
    """Help at its neutral values changes no bit of the loss; asked for nothing, nothing of it is built."""
    batch, paper = random_batch(), random_objective("2")
    assert type(paper) is Objective
    with torch.no_grad():
        assert torch.equal(random_objective("2", rollouts=True)(batch), paper(batch))


def test_loss_of_a_rollout():
    """Weighted by "v", the mean squared error of what two steps from noise make; "eps" counts it as it stands in z_t."""
    objective, batch = random_objective("1", rollouts=True), random_batch()
    alphas = objective.nets.schedule.alphas[batch.timesteps]
    with torch.no_grad():
        errors = ((two_step_clean(objective.nets, batch) - batch.latents) ** 2).mean((1, 2, 3, 4))  # (N,)
        rolled = batch._replace(rollout=True)
        torch.testing.assert_close(random_objective("1", rollouts=True, weighting="v")(rolled), errors.mean())
        torch.testing.assert_close(objective(rolled), (alphas * errors).mean())


def test_weights_of_timesteps():
    alphas = torch.cumprod(1 - betas(), 0)
    noisy, clean = alphas[900:901], alphas[5:6]
    assert WEIGHTINGS["eps"](noisy) == WEIGHTINGS["eps"](clean) == 1  # as printed
    assert WEIGHTINGS["min_snr"](noisy) == 1  # SNR below 5
    torch.testing.assert_close(WEIGHTINGS["min_snr"](clean), 5 * (1 - clean) / clean)
    torch.testing.assert_close(WEIGHTINGS["v"](clean), 1 / clean)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_each_reference_counts_as_its_timestep(weighting):
    objective, batch = random_objective("1", weighting=weighting), random_batch()
    with torch.no_grad():
        squares = (objective.nets.predict(batch) - batch.noise) ** 2  # (N, F, 4, h, w)
        weights = WEIGHTINGS[weighting](objective.nets.schedule.alphas[batch.timesteps])
        expected = sum(weight * of_one.mean() for weight, of_one in zip(weights, squares, strict=True)) / 2
        torch.testing.assert_close(objective(batch), expected)


def test_a_net_that_predicts_velocity():
    """Its loss in eps, weighted by "v", is the mean squared error of its velocity."""
    objective, batch = random_objective("1", weighting="v", prediction="v_prediction"), random_batch()
    alpha = objective.nets.schedule.alphas[batch.timesteps][:, None, None, None, None]
    with torch.no_grad():
        loss, noise = objective(batch), objective.nets.predict(batch)
    noisy = alpha.sqrt() * batch.latents + (1 - alpha).sqrt() * batch.noise
    velocity = (noise - (1 - alpha).sqrt() * noisy) / alpha.sqrt()  # what the net itself said
    true = alpha.sqrt() * batch.noise - (1 - alpha).sqrt() * batch.latents
    torch.testing.assert_close(loss, ((velocity - true) ** 2).mean(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("stage", ["scratch", "2"])
def test_gradient_checkpointing_changes_no_gradient(stage):
    plain, saving = random_objective(stage), random_objective(stage)
    saving.train().nets.enable_gradient_checkpointing()
    plain.train()
    for objective in (plain, saving):
        objective(random_batch()).backward()
    for name, tensors in plain.nets.weights().items():
        for key, tensor in tensors.items():
            other = saving.nets.weights()[name][key].grad
            if tensor.grad is not None:
                torch.testing.assert_close(other, tensor.grad, msg=f"{name}.{key}")


def test_one_clip_is_learnt_by_heart():
    objective, batch = random_objective("scratch"), random_batch(references=1, frames=4)
    optimizer = torch.optim.AdamW([p for p in objective.parameters() if p.requires_grad], lr=2e-3)
    losses = []
    for _ in range(150):
        loss = objective(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        if losses[-1] < 0.05 * losses[0]:
            break
    assert losses[-1] < 0.05 * losses[0], losses[-1] / losses[0]
