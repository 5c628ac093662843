"""Where and in which precision a command computes."""

import pytest
import torch
from pack.magicanimate_core.command.workers import choose_dtype, dtype_advice


@pytest.mark.parametrize(
    ("name", "device", "can", "advised"),
    [
        (None, "cpu", {"amx_bf16": True}, True),
        (None, "cpu", {"amx_bf16": False}, False),
        (None, "cpu", {}, False),
        ("fp32", "cpu", {"amx_bf16": True}, False),
        ("bf16", "cpu", {"amx_bf16": True}, False),
        (None, "meta", {"amx_bf16": True}, False),  # stands for an accelerator
    ],
)
def test_who_has_not_chosen_hears_of_what_this_cpu_does_faster(monkeypatch, name, device, can, advised):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: can, raising=False)
    advice = dtype_advice(name, torch.device(device))
    assert ("--dtype bf16" in advice) if advised else advice is None


def test_precision_by_the_device():
    assert choose_dtype(None, torch.device("cpu")) == torch.float32
    assert choose_dtype(None, torch.device("meta")) == torch.float16
    assert choose_dtype("bf16", torch.device("cpu")) == torch.bfloat16


def test_a_torch_that_does_not_tell_gives_no_advice(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert dtype_advice(None, torch.device("cpu")) is None
