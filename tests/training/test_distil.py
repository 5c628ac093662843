"""Distillation: the student's one step must arrive where its teacher's chain does, from latents as they come in sampling."""

import pytest
import torch
from diffusers import DDIMScheduler
from pack.magicanimate_core.method.noise import NO_NOISE, NoiseSchedule, betas, trailing_timesteps
from pack.magicanimate_core.testing.tiny_training import random_batch, random_nets, random_objective
from pack.magicanimate_core.training.config import Config, LossSettings
from pack.magicanimate_core.training.distil.objective import Distillation, build_distillation, ddim_chain
from pack.magicanimate_core.training.distil.settings import Distil
from pack.magicanimate_core.training.run.checkpoints import trained_parameters

SCHEDULE = NoiseSchedule()
PREDICTIONS = ("epsilon", "v_prediction")


def random_distillation(prediction: str = "epsilon", loss: LossSettings = LossSettings(), **distil) -> Distillation:  # noqa: B008
    """The loss of a tiny student that is its own teacher."""
    return build_distillation(random_nets("distil", prediction=prediction), Config(distil=Distil(**distil), loss=loss))


def at(*timesteps: int) -> torch.Tensor:
    return torch.tensor(timesteps)


def seen(noisy: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Some noise that depends on latents and timestep, so that no two paths are alike."""
    return torch.sin(3 * noisy) + (t.float() / 500).reshape(-1, 1, 1, 1, 1)


def by_diffusers(noisy: torch.Tensor, steps: int) -> torch.Tensor:
    """diffusers' sampler over `trailing` timesteps."""
    scheduler = DDIMScheduler(1000, trained_betas=betas().numpy(), clip_sample=False, timestep_spacing="trailing")
    scheduler.set_timesteps(steps)
    assert scheduler.timesteps.tolist() == trailing_timesteps(steps)
    for t in scheduler.timesteps:
        noisy = scheduler.step(seen(noisy, t.reshape(1)), t, noisy, eta=0.0).prev_sample
    return noisy


@pytest.mark.parametrize("steps, teacher_steps", [(4, 1), (4, 5), (5, 5), (2, 10), (1, 25)])
def test_a_chain_over_all_the_steps_is_the_samplers(steps, teacher_steps):
    """Steps of the student, each parted evenly, are the teacher's own `trailing` steps, down to the picture."""
    start = torch.randn(1, 2, 4, 3, 3, generator=torch.manual_seed(0))
    grid, noisy = trailing_timesteps(steps), start
    for t, to in zip(grid, [*grid[1:], NO_NOISE], strict=True):
        noisy = ddim_chain(SCHEDULE, seen, noisy, at(t), at(to), teacher_steps)
    many = steps * teacher_steps
    torch.testing.assert_close(noisy, by_diffusers(start, many), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "t, to", [(999, 749), (749, 499), (249, NO_NOISE), (995, 829), (999, NO_NOISE), (1, 0), (0, NO_NOISE)]
)
def test_one_step_with_the_target_arrives_where_the_chain_does(t, to):
    noisy = torch.randn(1, 2, 4, 3, 3, generator=torch.manual_seed(0))
    arrived = ddim_chain(SCHEDULE, seen, noisy, at(t), at(to), 5)
    noise = SCHEDULE.noise_of_step(noisy, arrived, at(t), at(to))
    torch.testing.assert_close(SCHEDULE.step(noisy, noise, at(t), at(to)), arrived, rtol=1e-3, atol=1e-3)


def test_no_noise_is_left_in_the_picture():
    clean, noise = torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3)
    both = SCHEDULE.noisy(clean, noise, at(NO_NOISE, 500))
    assert torch.equal(both[0], clean[0]) and not torch.equal(both[1], clean[1])


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_guidance_is_the_samplers(prediction):
    """What is seen without the reference, and cfg times the difference; a row whose reference is dropped has none."""
    nets, batch = random_nets("distil", prediction=prediction), random_batch()
    noisy = torch.randn_like(batch.latents)
    batch.with_reference[1] = False
    with torch.no_grad():
        cond = nets.noise_in(noisy, batch)
        uncond = nets.noise_in(noisy, batch._replace(with_reference=torch.zeros(2, dtype=torch.bool)))
        guided = nets.noise_in(noisy, batch, 3.0)
    torch.testing.assert_close(guided, uncond + 3 * (cond - uncond), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(cond[0], uncond[0], atol=1e-3) and torch.allclose(guided[1], cond[1], atol=1e-4)


@pytest.mark.parametrize("rollout", [False, True])
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_student_of_one_step_of_itself_has_nothing_to_learn(prediction, rollout):
    loss = random_distillation(prediction, teacher_steps=1, cfg=1.0)(random_batch()._replace(rollout=rollout))
    assert loss < 1e-6
    assert random_distillation(prediction, teacher_steps=2, cfg=1.0)(random_batch()) > 1e-4
    assert random_distillation(prediction, teacher_steps=1, cfg=2.0)(random_batch()) > 1e-4


@torch.no_grad()
def test_loss_by_hand():
    """The mean squared error of the velocity at the student's timesteps, for each reference."""
    task, batch = random_distillation(teacher_steps=3, cfg=2.0), random_batch()._replace(timesteps=at(300, 120))
    for parameter in task.nets.controlnet.parameters():
        parameter.mul_(0.9)  # no longer its own teacher
    losses = []
    for n, (t, to) in enumerate(((499, 249), (249, NO_NOISE))):
        one = batch._replace(**{name: value[n : n + 1] for name, value in batch._asdict().items() if name != "rollout"})
        one = one._replace(timesteps=at(t))
        noisy = SCHEDULE.noisy(one.latents, one.noise, one.timesteps)
        z = noisy
        for i in range(3):
            here, there = (at(t - (t - to) * j // 3) for j in (i, i + 1))
            z = SCHEDULE.step(z, task.teacher.noise_in(z, one._replace(timesteps=here), 2.0), here, there)
        error = task.nets.noise_in(noisy, one) - SCHEDULE.noise_of_step(noisy, z, at(t), at(to))
        losses.append((error**2).mean() / SCHEDULE.alphas[t])
    torch.testing.assert_close(task(batch), torch.stack(losses).mean(), rtol=1e-4, atol=0)


def test_every_timestep_belongs_to_the_step_that_goes_over_it():
    task = random_distillation(steps=6)
    grid = trailing_timesteps(6)  # begins at 995: what is noisier belongs to its first step, too
    t, to = task.spans(torch.arange(1000))
    for drawn in range(1000):
        first = min((g for g in grid if g >= drawn), default=grid[0])
        assert t[drawn] == first and to[drawn] == [*grid, NO_NOISE][grid.index(first) + 1]


def test_sampling_begins_with_noise_alone():
    task, batch = random_distillation(), random_batch()._replace(timesteps=at(999, 499))
    noisy = task.true_latents(batch)
    assert torch.equal(noisy[0], batch.noise[0])
    torch.testing.assert_close(noisy, SCHEDULE.noisy(batch.latents, batch.noise, batch.timesteps), atol=0.2, rtol=0)
    assert torch.equal(noisy[1], SCHEDULE.noisy(batch.latents, batch.noise, batch.timesteps)[1])


@torch.no_grad()
def test_own_latents_are_those_of_the_students_sampling():
    """Step by step from the noise, each reference as far as its own timestep; true latents are never looked at."""
    task, batch = random_distillation(steps=4), random_batch()._replace(timesteps=at(999, 499))
    batch = batch._replace(latents=torch.full_like(batch.latents, torch.nan))
    expected = batch.noise
    for t, to in ((999, 749), (749, 499)):
        here, there = at(t, t), at(to, to)
        expected = SCHEDULE.step(expected, task.nets.noise_in(expected, batch._replace(timesteps=here)), here, there)
    own = task.own_latents(batch)
    assert torch.equal(own[0], batch.noise[0])
    torch.testing.assert_close(own[1], expected[1], rtol=1e-4, atol=1e-4)


def test_the_teacher_stays_and_shares_what_is_frozen():
    """What learns: encoder, ControlNet and temporal layers of the student; what is in memory twice: just those."""
    task = random_distillation().train()
    before = {name: p.clone() for name, p in task.teacher.named_parameters()}
    trained = trained_parameters(task)
    assert trained.keys() == trained_parameters(random_objective("distil")).keys()  # names in checkpoints: no teacher
    assert not task.teacher.training and not any(p.requires_grad for p in task.teacher.parameters())
    optimizer = torch.optim.AdamW(trained.values(), lr=1e-2)
    task(random_batch()).backward()
    optimizer.step()
    assert all(torch.equal(before[name], p) for name, p in task.teacher.named_parameters())
    shared = {id(p) for p in task.teacher.parameters()} & {id(p) for p in task.nets.parameters()}
    assert {id(p) for p in task.nets.weights()["unet"].values()} == shared
    parts = task.nets.weights().items()
    moved = {name for name, of in parts if any(p.grad is not None and p.grad.any() for p in of.values())}
    assert moved == {"encoder", "controlnet", "motion"}


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_student_comes_nearer_to_its_teacher(prediction):
    """Guided by 2 over 4 steps, on one clip: after some training two steps without guidance lie much nearer."""
    task = random_distillation(prediction, steps=2, teacher_steps=2, cfg=2.0)
    batch = random_batch(references=1)._replace(timesteps=at(300))
    optimizer = torch.optim.AdamW(trained_parameters(task).values(), lr=1e-3)
    losses = []
    for _ in range(15):
        loss = task(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0], losses


@torch.no_grad()
def test_errors_on_the_person_and_of_changes_count_as_elsewhere():
    batch = random_batch()
    batch.parts[:], batch.reference_parts[:] = 0, 0
    batch.parts[..., :2] = 1
    plain, person, change = (
        float(random_distillation(loss=LossSettings(**asked), cfg=2.0)(batch))
        for asked in ({}, {"person": 5.0}, {"change": 1.0})
    )
    assert person != plain and change > plain
    assert float(random_distillation(loss=LossSettings(weighting="min_snr"), cfg=2.0)(batch)) == plain
