"""Losses and gradients of the stages."""

import pytest
import torch
from pack.magicanimate_core.method.noise import betas
from pack.magicanimate_core.weights import architecture as arch

from .conftest import SHAPE

PARTS = {"scratch": {"unet", "encoder", "controlnet"}, "1": {"encoder", "controlnet"}, "2": {"motion"}}


@pytest.mark.parametrize("stage", PARTS)
def test_only_the_named_parts_learn(animation, batch, stage):
    """Sec. 3.4: stage 1 encoder and ControlNet, stage 2 the temporal layers; `scratch` everything but those."""
    module = animation(stage)
    module(batch()).backward()
    for part, tensors in module.weights().items():
        learning = {name for name, tensor in tensors.items() if tensor.grad is not None and tensor.grad.any()}
        if part not in PARTS[stage]:
            assert not learning and not any(tensor.requires_grad for tensor in tensors.values())
            continue
        kept = arch.encoder_tensors(SHAPE) if part == "encoder" else tensors  # of the encoder, what a file holds
        assert set(kept) == learning


@pytest.mark.parametrize("stage", ["1", "2"])
def test_loss_is_the_papers(animation, batch, stage):
    """Eq. 5 frame by frame, Eq. 6 clip by clip, from the nets themselves; one reference is dropped."""
    module, given = animation(stage), batch()
    given["with_reference"][1] = False
    signal = torch.cumprod(1 - betas(), 0)
    errors = []
    with torch.no_grad():
        for r in range(2):
            t = given["timesteps"][r]
            reference = None
            if given["with_reference"][r]:
                reference = module.temporal.keys_values(module.encoder(given["reference"][r : r + 1], t, module.text))
            frames = [[0, 1, 2]] if stage == "2" else [[0], [1], [2]]
            for chosen in frames:
                clean, noise = given["latents"][r, chosen], given["noise"][r, chosen]
                noisy = signal[t] ** 0.5 * clean + (1 - signal[t]) ** 0.5 * noise
                text = module.text.expand(len(chosen), -1, -1)
                skips, middle = module.controlnet(
                    noisy, t, encoder_hidden_states=text, controlnet_cond=given["poses"][r, chosen], return_dict=False
                )
                out = module.temporal(noisy, t, text, frames=len(chosen), references=[reference], residuals=[*skips, middle])
                errors.append((out - noise) ** 2)
        torch.testing.assert_close(module(given), torch.cat(errors).mean())


def test_loss_of_a_rollout(animation, batch):
    """Weighted by "v", the mean squared error of what two steps from noise make; "eps" counts it as it stands in z_t."""
    given = batch()
    signal = animation("1").signal[given["timesteps"]]
    with torch.no_grad():
        errors = ((animation("1").sampled(given) - given["latents"]) ** 2).mean((1, 2, 3, 4))  # (R,)
    given["rollout"] = torch.ones(2, dtype=torch.bool)
    torch.testing.assert_close(animation("1", "v")(given), errors.mean())
    torch.testing.assert_close(animation("1")(given), (signal * errors).mean())
    given["rollout"] = torch.zeros(2, dtype=torch.bool)
    assert torch.equal(animation("1")(given), animation("1")(batch()))


def test_weights_of_timesteps(animation):
    signal = torch.cumprod(1 - betas(), 0)
    noisy, clean = torch.tensor([900]), torch.tensor([5])
    assert animation("1").weight(noisy) == animation("1").weight(clean) == 1  # as printed
    snr = animation("1", "min_snr")
    assert snr.weight(noisy) == 1  # SNR below 5
    torch.testing.assert_close(snr.weight(clean), 5 * (1 - signal[5:6]) / signal[5:6])
    velocity = animation("1", "v")
    torch.testing.assert_close(velocity.weight(clean), 1 / signal[5:6])


def test_a_net_that_predicts_velocity(animation, batch):
    """Its loss in eps, weighted by "v", is the mean squared error of its velocity."""
    module, given = animation("1", "v"), batch()
    module.prediction = "v_prediction"
    signal = module.signal[given["timesteps"]][:, None, None, None, None]
    with torch.no_grad():
        loss, noise = module(given), module.predict(given)
    noisy = signal.sqrt() * given["latents"] + (1 - signal).sqrt() * given["noise"]
    velocity = (noise - (1 - signal).sqrt() * noisy) / signal.sqrt()  # what the net itself said
    true = signal.sqrt() * given["noise"] - (1 - signal).sqrt() * given["latents"]
    torch.testing.assert_close(loss, ((velocity - true) ** 2).mean(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("stage", ["scratch", "2"])
def test_gradient_checkpointing_changes_no_gradient(animation, batch, stage):
    plain, saving = animation(stage), animation(stage)
    saving.train().enable_gradient_checkpointing()
    plain.train()
    for module in (plain, saving):
        module(batch()).backward()
    for name, tensors in plain.weights().items():
        for key, tensor in tensors.items():
            other = saving.weights()[name][key].grad
            if tensor.grad is not None:
                torch.testing.assert_close(other, tensor.grad, msg=f"{name}.{key}")


def test_one_clip_is_learnt_by_heart(animation, batch):
    module, given = animation("scratch"), batch(references=1, frames=4)
    optimizer = torch.optim.AdamW([p for p in module.parameters() if p.requires_grad], lr=2e-3)
    losses = []
    for _ in range(150):
        loss = module(given)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        if losses[-1] < 0.05 * losses[0]:
            break
    assert losses[-1] < 0.05 * losses[0], losses[-1] / losses[0]
