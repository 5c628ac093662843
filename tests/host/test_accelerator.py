"""The pretended accelerator refuses what a card refuses, gives what a CPU gives, and leaves nothing behind."""

import pytest
import torch
from pack.tests.host.accelerator import DEVICE, Distant, Mixed
from pack.tests.host.pretending import pretended


def tensors():
    """One here, one there; the same numbers."""
    here = torch.arange(6.0).reshape(3, 2)
    return here, here.to(DEVICE)


@pytest.mark.parametrize(
    "mix",
    [
        lambda here, there: here + there,
        lambda here, there: there * here[0],
        lambda here, there: torch.cat([there, here]),
        lambda here, there: torch.stack([there.sum(), here.sum()]),
        lambda here, there: torch.nn.functional.linear(there, here),
        lambda here, there: torch.where(here > 1, there, 0.0),
        lambda here, there: here[torch.tensor([0, 2], device=DEVICE)],
        lambda here, there: there.index_add_(0, torch.tensor([0]), there[:1]),
        lambda here, there: there.__setitem__(0, 1.0) or there.mul_(here),
        lambda here, there: here.sum().add_(there.sum()),
        lambda here, there: torch.randn(2, device=DEVICE, generator=torch.Generator()),
    ],
)
def test_a_mix_is_refused(mix):
    with pretended(), pytest.raises(Mixed):
        mix(*tensors())


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x * torch.tensor(2.0) + 1,
        lambda x: x[[0, 2]] + x[:, [1]][:2],
        lambda x: x[torch.tensor([2, 0])],
        lambda x: x.to(torch.float64).type_as(x),
        lambda x: torch.zeros_like(x) + torch.ones(2, device=x.device),
        lambda x: torch.tensor([x[0, 1], 3.0], device=x.device),
        lambda x: torch.einsum("a b, c b -> a c", x, x).softmax(-1),
        lambda x: x.clone().index_add_(0, torch.tensor([1], device=x.device), x[:1]),
        lambda x: torch.nn.Linear(2, 2).to(x.device).requires_grad_(False)(x) * 0 + x.view_as(x),
    ],
)
@pytest.mark.parametrize("inference", [False, True])
def test_numbers_are_the_cpus(compute, inference):
    with pretended(), torch.inference_mode(inference):
        here, there = tensors()
        out = compute(there)
        assert isinstance(out, Distant) and out.device == DEVICE
        assert torch.equal(out.to("cpu"), compute(here))


def test_views_and_changes_in_place_reach_the_same_numbers():
    with pretended():
        _, there = tensors()
        same, row = there.to(DEVICE), there[1]
        row += 10
        there[0] = 5.0
        there[[2]] = torch.tensor([7.0, 8.0], device=DEVICE)
        assert same is there
        assert same.to("cpu").tolist() == [[5, 5], [12, 13], [7, 8]]


def test_copies_and_waits_are_counted():
    with pretended() as accelerator:
        _, there = tensors()
        assert float(there[0, 1]) == 1.0 and there.sum() > 3
        there[there > 2].to("cpu")
    assert {k: accelerator.count[k] for k in ("to", "bytes to", "from", "bytes from", "waits")} == {
        "to": 1, "bytes to": 24, "from": 1, "bytes from": 12, "waits": 3,
    }  # fmt: skip


def test_nothing_stays():
    import comfy.k_diffusion.sampling as k_sampling
    import comfy.model_management as mm

    def pieces():
        return (torch.Generator, torch.tensor, k_sampling.default_noise_sampler, mm.get_torch_device, mm.vram_state)

    before = pieces()
    with pretended():
        there = torch.ones(2, device=mm.get_torch_device())
        assert all(a is not b for a, b in zip(pieces()[:4], before, strict=False))
    assert pieces() == before and mm.get_torch_device().type == "cpu"
    with pytest.raises(Mixed):
        there + 1
