"""Part 7: what ComfyUI thinks a window needs, what it takes, and how it goes on a small card."""

import comfy.model_management as mm

from .bench import Bench, Rows
from .measuring import GIB, Memory, has_card
from .scene import Scene


def estimates(bench: Bench) -> Rows:
    """A window's two halves at several sizes. The weights are loaded before, so the peak rises by activations alone."""
    scene, window = Scene(bench), bench.sizes.window
    for side in bench.sizes.sides:
        scene.animate(window, 2, side=side)
        with Memory() as memory:
            timed = scene.animate(window, 2, side=side)
        estimate = scene.temporal.model.memory_required([2 * window, 4, side // 8, side // 8]) / GIB
        numbers = {"estimate_gib": estimate, "activations_gib": memory.rise_gib}
        yield f"{side} x {side}", numbers | timed.numbers() | memory.numbers()


def small_card(bench: Bench) -> Rows:
    """The usual clip, with most of the card's memory reserved for others."""
    scene, sizes = Scene(bench), bench.sizes
    with Memory() as memory:
        timed = scene.animate(sizes.frames, sizes.steps)
    yield f"{sizes.frames} frames", timed.numbers() | memory.numbers() | {"weights_on_device": weights_on_device()}


def weights_on_device() -> float | None:
    """The share of all loaded models' weights that stays on the card; None without one."""
    models = [loaded.model for loaded in mm.current_loaded_models]
    return sum(m.loaded_size() for m in models) / sum(m.model_size() for m in models) if has_card() else None
