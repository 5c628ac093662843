"""Interrupted and divided training."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from pack.magicanimate_core.training.run import checkpoints, loop
from pack.magicanimate_core.training.run.loop import Run, learning_rate
from pack.scripts.comfyui import PACK as ROOT

PROGRAM = Path(__file__).with_name("run_small.py")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def run_small(*arguments) -> int:
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True).returncode


def test_killed_at_every_step_and_resumed(tmp_path):
    """kill -9 after each of three steps, then on: to the bit the weights of a run that nobody stopped."""
    assert run_small(tmp_path / "whole", 3) == 0
    for step in (1, 2, 3):
        assert run_small(tmp_path / "killed", 3, step) == -9
        assert not (tmp_path / "killed" / "result.pt").exists()
        assert checkpoints.checkpoints(tmp_path / "killed")[-1][0] == step
    assert run_small(tmp_path / "killed", 3) == 0
    whole, killed = (torch.load(tmp_path / name / "result.pt") for name in ("whole", "killed"))
    assert all(torch.equal(whole[name], killed[name]) for name in whole)
    logs = [(tmp_path / name / "log.jsonl").read_text() for name in ("whole", "killed")]
    assert all(log.count('"step": 3') == 1 for log in logs)


def test_two_processes_make_the_gradients_of_one(tmp_path):
    """gloo, half the batch each, against the whole batch (relative 1e-5)."""
    program = str(Path(__file__).with_name("two_processes.py"))
    for count in (1, 2):
        launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
        command = [sys.executable, *launch, program, str(tmp_path / f"{count}.pt")]
        done = subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    one, two = (torch.load(tmp_path / f"{count}.pt") for count in (1, 2))
    assert one.keys() == two.keys() and any(gradient.any() for gradient in one.values())
    for name, gradient in one.items():
        assert (two[name] - gradient).norm() <= 1e-5 * gradient.norm() + 1e-9, name


def test_a_save_that_is_cut_off_loses_nothing(tmp_path, monkeypatch):
    """The last good checkpoint stays until the next is whole, and the remains of a broken one are cleared away."""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    model = accelerator.prepare(torch.nn.Linear(2, 2))
    first = checkpoints.save_checkpoint(accelerator, tmp_path, 1, None, keep=1)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "_to_disk", lambda folder: (_ for _ in ()).throw(OSError("power cut")))
        with pytest.raises(OSError):
            checkpoints.save_checkpoint(accelerator, tmp_path, 2, None, keep=1)
    assert checkpoints.latest_checkpoint(tmp_path) == first and list(first.parent.glob("part-*"))
    checkpoints.save_checkpoint(accelerator, tmp_path, 3, None, keep=1)
    assert [path.name for path in sorted(first.parent.iterdir())] == ["step-0000003"]
    weight = model.weight.detach().clone()
    torch.nn.init.zeros_(model.weight)
    assert checkpoints.load_checkpoint(accelerator, checkpoints.latest_checkpoint(tmp_path), None) == 3
    assert torch.equal(model.weight, weight)


def test_frozen_weights_are_not_saved(tmp_path):
    from accelerate import Accelerator
    from safetensors.torch import load_file

    accelerator = Accelerator(cpu=True)
    net = torch.nn.Sequential(torch.nn.Linear(2, 2).requires_grad_(False), torch.nn.Linear(2, 2))
    accelerator.prepare(net)
    place = checkpoints.save_checkpoint(accelerator, tmp_path, 1, None, keep=1)
    assert set(load_file(place / "model.safetensors")) == {"1.weight", "1.bias"}


def test_learning_rates():
    run = Run(steps=100, learning_rate=1.0, warmup=10, decay="cosine")
    assert learning_rate(run, 0) == pytest.approx(0.1) and learning_rate(run, 50) == pytest.approx(0.5)
    assert learning_rate(Run(learning_rate=1.0, warmup=10), 500) == 1.0


def test_missing_8_bit_adam_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "bitsandbytes.optim", None)
    with pytest.raises(ValueError, match="bitsandbytes"):
        loop._optimizer(Run(adam_8bit=True), [])
