"""The one algebra of picture, noise and velocity."""

import torch
from pack.magicanimate_core.method.noise import TRAIN_TIMESTEPS, NoiseSchedule, betas


def test_clean_and_noise_are_inverses_of_the_forward_process():
    """For pictures and for clips, each at its own timestep."""
    schedule, t = NoiseSchedule().double(), torch.tensor([0, 500, TRAIN_TIMESTEPS - 1])
    for shape in ((3, 4, 2, 2), (3, 5, 4, 2, 2)):
        clean, noise = torch.randn(2, *shape, dtype=torch.double)
        noisy, a = schedule.noisy(clean, noise, t), schedule.at(t, clean)
        torch.testing.assert_close(schedule.clean(noisy, noise, t), clean)
        velocity = a.sqrt() * noise - (1 - a).sqrt() * clean
        torch.testing.assert_close(schedule.noise(noisy, velocity, t), noise)
        for i, alpha in enumerate(torch.cumprod(1 - betas(), 0).double()[t]):
            torch.testing.assert_close(noisy[i], alpha.sqrt() * clean[i] + (1 - alpha).sqrt() * noise[i])


def test_a_schedule_is_in_no_file():
    """Checkpoints of a run hold what is trained; the schedule is computed."""
    assert not NoiseSchedule().state_dict()
