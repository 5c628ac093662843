"""Parts 9 to 11: the same latents, up to which error, at what speed."""

import torch

from .bench import Bench, Numbers, Rows
from .measuring import Memory
from .memory import weights_on_device
from .scene import Scene


def window(bench: Bench, reference: bool = False) -> Rows:
    """One window, few steps."""
    yield f"{bench.sizes.window} frames", compare(bench, Scene(bench), bench.sizes.steps, reference)


def precise(bench: Bench, reference: bool = False) -> Rows:
    """One window, all steps; then the share of finite numbers at the largest size."""
    scene, sizes = Scene(bench), bench.sizes
    yield f"{sizes.window} frames, {sizes.precise_steps} steps", compare(bench, scene, sizes.precise_steps, reference)
    latents = scene.animate(sizes.window, 2, side=sizes.sides[-1]).latents  # (F, 4, h, w)
    yield f"{sizes.sides[-1]} x {sizes.sides[-1]}", {"share_finite": latents.isfinite().float().mean().item()}


def compare(bench: Bench, scene: Scene, steps: int, reference: bool, **changes) -> Numbers:
    """Times a window and compares it with the first process's, or, with `reference`, is that first one."""
    frames, path = bench.sizes.window, bench.work / f"latents_{bench.part}.pt"
    scene.animate(frames, 2, **changes)
    with Memory() as memory:
        timed = scene.animate(frames, steps, **changes)
    numbers = timed.numbers() | {"weights_on_device": weights_on_device()} | memory.numbers()
    latents = timed.latents.float().cpu()  # (F, 4, h, w)
    if reference:
        torch.save(latents, path)
        return numbers
    expected = torch.load(path) if path.is_file() else None  # (F, 4, h, w)
    error = None if expected is None else ((latents - expected).norm() / expected.norm()).item()
    return {"error": error, **numbers}
