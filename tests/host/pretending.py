"""The host believes in a card: the pretended accelerator, and all that it asks its machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import pytest
import torch
from pack.tests.host.accelerator import CPU, DEVICE, Accelerator, Distant, each
from torch import Tensor

MEMORY = 80e9  # bytes


@contextmanager
def pretended() -> Iterator[Accelerator]:
    """Lets the host use an accelerator within the scope; what it has loaded comes back at the end."""
    import comfy.model_management as mm

    with pytest.MonkeyPatch.context() as patch, Accelerator() as accelerator:
        patch.setattr(torch, "Generator", _generators(accelerator))
        for maker in (torch.tensor, torch.as_tensor):
            patch.setattr(torch, maker.__name__, partial(_placed, maker))
        patch.setattr(mm, "get_torch_device", lambda: DEVICE)
        for state in ("vram_state", "set_vram_to"):
            patch.setattr(mm, state, mm.VRAMState.NORMAL_VRAM)
        patch.setattr(mm, "cuda_device_context", lambda device: nullcontext(), raising=False)
        for what, too in {"get_free_memory": "torch_free_too", "get_total_memory": "torch_total_too"}.items():
            patch.setattr(mm, what, lambda *a, too=too, **k: (MEMORY,) * 2 if a[1:] or k.get(too) else MEMORY)
        _draw_alike(patch)
        try:
            yield accelerator
        finally:
            mm.free_memory(1e30, DEVICE)


def _draw_alike(patch: pytest.MonkeyPatch) -> None:
    """Gives samplers on the card the noise that they have on a CPU, where the host moves the seed by one."""
    import comfy.k_diffusion.sampling as k_sampling

    draws = k_sampling.default_noise_sampler

    def alike(x: Tensor, seed: int | None = None) -> Callable[..., Tensor]:
        draw = draws(torch.empty(x.shape, dtype=x.dtype), seed)
        return lambda *step: draw(*step).to(x.device)

    patch.setattr(k_sampling, "default_noise_sampler", alike)


def _generators(accelerator: Accelerator) -> type[torch.Generator]:
    """torch.Generator that can also be told to draw on the accelerator, the same numbers as on a CPU."""

    class Generator(torch.Generator):
        def __new__(cls, device: Any = CPU) -> torch.Generator:
            made = super().__new__(cls)
            if torch.device(device).type == DEVICE.type:
                accelerator.generators[made._cdata] = made
            return made

    return Generator


def _placed(maker: Callable[..., Tensor], data: Any, *, device: Any = None, **kwargs: Any) -> Tensor:
    """torch.tensor and torch.as_tensor, the makers that no mode of torch sees; a list may hold single distant numbers."""
    if not isinstance(data, Tensor):
        data = each(lambda a: a.item() if isinstance(a, Distant) else a, data)
    made = maker(data, **kwargs)
    return made if device is None else made.to(device)
