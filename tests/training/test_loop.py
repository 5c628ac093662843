"""Interrupted and divided training."""

import hashlib
import sys
from pathlib import Path

import pytest
import torch
from pack.magicanimate_core.testing.tiny_training import random_objective, small_task
from pack.magicanimate_core.training.run import checkpoints
from pack.magicanimate_core.training.run.checkpoints import load_checkpoint, save_checkpoint, trained_parameters
from pack.magicanimate_core.training.run.loop import train
from pack.magicanimate_core.training.run.resuming import latest_checkpoint
from pack.magicanimate_core.training.run.settings import RunSettings
from pack.magicanimate_core.training.run.trainer import build_optimizer
from pack.tests.processes import running
from safetensors.torch import load_file

PROGRAM = Path(__file__).with_name("run_small.py")


def run_small(*arguments) -> int:
    with running(str(PROGRAM), *map(str, arguments)) as process:
        return process.wait()


def test_killed_at_every_step_and_resumed(tmp_path):
    """kill -9 after each of two steps, then on: to the bit the weights of a run that nobody stopped."""
    assert run_small(tmp_path / "whole", 2) == 0
    for step in (1, 2):
        assert run_small(tmp_path / "killed", 2, step) == -9
        assert not (tmp_path / "killed" / "result.pt").exists()
        assert checkpoints.checkpoints(tmp_path / "killed")[-1][0] == step
    assert run_small(tmp_path / "killed", 2) == 0
    whole, killed = (torch.load(tmp_path / name / "result.pt") for name in ("whole", "killed"))
    assert all(torch.equal(whole[name], killed[name]) for name in whole)
    logs = [(tmp_path / name / "log.jsonl").read_text() for name in ("whole", "killed")]
    assert all(log.count('"step": 2') == 1 for log in logs)


def test_two_processes_make_the_gradients_of_one(tmp_path):
    """gloo, half the batch each, against the whole batch (relative 1e-5)."""
    program = str(Path(__file__).with_name("two_processes.py"))
    for count in (1, 2):
        with running(program, str(tmp_path / f"{count}.pt"), count=count) as process:
            assert process.wait() == 0, process.said
    one, two = (torch.load(tmp_path / f"{count}.pt") for count in (1, 2))
    assert one.keys() == two.keys() and any(gradient.any() for gradient in one.values())
    for name, gradient in one.items():
        assert (two[name] - gradient).norm() <= 1e-5 * gradient.norm() + 1e-9, name


def prepared(net: torch.nn.Module) -> tuple:
    """accelerate's view of a net, and what it trains."""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    accelerator.prepare(net)
    return accelerator, trained_parameters(net)


def test_a_save_that_is_cut_off_loses_nothing(tmp_path, monkeypatch):
    """The last good checkpoint stays until the next is whole, and the remains of a broken one are cleared away."""
    net = torch.nn.Linear(2, 2)
    accelerator, trained = prepared(net)
    first = save_checkpoint(accelerator, tmp_path, 1, trained, None, keep=1)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "take_place", lambda part, path: (_ for _ in ()).throw(OSError("power cut")))
        with pytest.raises(OSError):
            save_checkpoint(accelerator, tmp_path, 2, trained, None, keep=1)
    assert latest_checkpoint(tmp_path) == first and list(first.parent.glob(".*.part"))
    save_checkpoint(accelerator, tmp_path, 3, trained, None, keep=1)
    assert [path.name for path in first.parent.iterdir()] == ["step-0000003"]
    weight = net.weight.detach().clone()
    torch.nn.init.zeros_(net.weight)
    assert load_checkpoint(accelerator, latest_checkpoint(tmp_path), trained, None) == 3
    assert torch.equal(net.weight, weight)


def test_frozen_weights_are_not_saved(tmp_path):
    from safetensors.torch import load_file

    net = torch.nn.Sequential(torch.nn.Linear(2, 2).requires_grad_(False), torch.nn.Linear(2, 2))
    accelerator, trained = prepared(net)
    place = save_checkpoint(accelerator, tmp_path, 1, trained, None, keep=1)
    assert set(load_file(place / "model.safetensors")) == {"1.weight", "1.bias"}


NAMES = {  # of the tensors in checkpoints as they were when runs could first go on: how many, and a digest of all
    "scratch": (740, "985571b26631678f"),
    "1": (456, "67e7d7ecf0272195"),
    "2": (176, "02d57bf7e43319c3"),
}


@pytest.mark.parametrize("stage", NAMES)
def test_names_and_order_in_checkpoints_stay(stage):
    """Weights are kept by name, optimiser and averages by order: runs in progress must find them again."""
    names = list(trained_parameters(random_objective(stage, appearance=1.0)))
    assert (len(names), hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]) == NAMES[stage], names
    plain = list(trained_parameters(random_objective(stage)))
    assert names[: len(plain)] == plain and all(name.startswith("guide.heads.") for name in names[len(plain) :])


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    """Of another stage, other losses or another model: nothing is left out in silence."""
    accelerator, trained = prepared(random_objective("1"))
    place = save_checkpoint(accelerator, tmp_path, 1, trained, None, keep=1)
    for stage, loss in (("scratch", {}), ("2", {}), ("1", {"appearance": 1.0})):
        with pytest.raises(ValueError, match="is of another run: expected .* came"):
            load_checkpoint(accelerator, place, trained_parameters(random_objective(stage, **loss)), None)
    assert load_checkpoint(accelerator, place, trained, None) == 1


def test_a_checkpoint_of_several_processes_goes_on_in_one(tmp_path):
    """Runs of several processes have had another name before every tensor's."""
    from safetensors.torch import load_file, save_file

    net = torch.nn.Linear(2, 2)
    accelerator, trained = prepared(net)
    file = save_checkpoint(accelerator, tmp_path, 1, trained, None, keep=1) / "model.safetensors"
    save_file({f"module.{name}": tensor + 1 for name, tensor in load_file(file).items()}, file)
    weight = net.weight.detach().clone()
    load_checkpoint(accelerator, latest_checkpoint(tmp_path), trained, None)
    assert torch.equal(net.weight, weight + 1)


def test_learning_rates():
    run = RunSettings(steps=100, learning_rate=1.0, warmup=10, decay="cosine")
    assert run.rate(0) == pytest.approx(0.1) and run.rate(50) == pytest.approx(0.5)
    assert RunSettings(learning_rate=1.0, warmup=10).rate(500) == 1.0


def test_missing_8_bit_adam_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "bitsandbytes.optim", None)
    with pytest.raises(ValueError, match="bitsandbytes"):
        build_optimizer(RunSettings(adam_8bit=True), [])


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_a_sound_checkpoint(tmp_path):
    """Checkpoints without numbers would push out the good one, and be exported."""
    task = small_task("1")
    prepare = task.prepare

    def spoiled(drawn):
        batch = prepare(drawn)
        return batch._replace(latents=batch.latents * float("nan")) if len(checkpoints.checkpoints(tmp_path)) == 2 else batch

    task.prepare = spoiled
    with pytest.raises(ValueError, match="After step 3 the loss is nan"):
        train(task, RunSettings(steps=4, save_every=1, learning_rate=1e-3), tmp_path)
    place = latest_checkpoint(tmp_path)
    assert place.name == "step-0000002"
    assert all(torch.isfinite(tensor).all() for tensor in load_file(place / "model.safetensors").values())
