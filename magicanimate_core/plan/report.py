"""A plan in words."""

from collections.abc import Sequence

from ..method.guidance import UNGUIDED
from . import memory
from .plan import Plan

GIB, MIB = 2**30, 2**20


def report(plan: Plan, wrong: Sequence[str]) -> str:
    """Returns the plan as plain text, a line for each thing, what looks wrong last, sentences."""
    lines = [*_clip(plan), *_run(plan), *_memory(plan), f"noise: {_noise(plan)}"]
    return "\n".join([*lines, "", *(f"Look at this: {sentence}" for sentence in wrong)] if wrong else lines)


def headline(plan: Plan) -> str:
    """Returns a plan in one line, for its picture."""
    padded = f" + {plan.padded} padded" if plan.padded else ""
    moving = ", at the first step" if plan.moves else ""
    windows = f"{_many(len(plan.windows), 'window')} of {_lengths(plan)}"
    return f"{_many(plan.frames, 'frame')}{padded} in {windows}, {plan.schedule}{moving}"


def in_short(plan: Plan) -> str:
    """Returns what the run takes in one line, for its picture."""
    parts = (
        f"{plan.width} x {plan.height}",
        _many(plan.steps, "step"),
        f"{len(plan.calls)} x {len(plan.calls[0][0])} frames a step",
        _work(plan),
        f"about {_words(sum(device_memory(plan).values()))}",
    )
    return "   |   ".join(parts)


def device_memory(plan: Plan) -> dict[str, int]:
    """Returns what lies on the device -> bytes."""
    largest = max(len(frames) for frames, _ in plan.calls)
    return {
        "weights": sum(memory.weights(plan.net).values()),
        "call": memory.call(plan.net, largest, plan.guided > 0),
        "clip": plan.total * memory.latents(plan.net),
    }


def _clip(plan: Plan) -> list[str]:
    padded = f", padded to {plan.total} with the last pose" if plan.padded else ", no padding"
    return [f"frames: {plan.frames}{padded}", f"size: {plan.width} x {plan.height}"]


def _run(plan: Plan) -> list[str]:
    per_call = len(plan.calls[0][0])
    alone = "one half (cfg 1)" if plan.cfg == UNGUIDED else "one half: no step is guided"
    halves = "both halves of the guidance" if plan.guided else alone
    halves += f" in {plan.guided} of {_many(plan.steps, 'step')}" if 0 < plan.guided < plan.steps else ""
    ring = f", {len(plan.wrapping)} of them over the end to the first frames" if plan.wrapping else ""
    moving = ", at the first step: they move with every step" if plan.moves else ""
    return [
        f"windows: {len(plan.windows)} of {_lengths(plan)} frames, {plan.schedule}, overlap {plan.overlap}{ring}{moving}",
        f"frames per call: {per_call}, {halves}",
        f"evaluations of the UNet: {len(plan.calls)} per step, {plan.evaluations} in {_many(plan.steps, 'step')} "
        "(twice as many with samplers that look twice at a step, such as heun or dpm_2)",
        f"work: {_work(plan)}, counted for SD 1.5 with a ControlNet, without VAE and prompt",
    ]


def _lengths(plan: Plan) -> str:
    """One length, or the shortest and the longest."""
    lengths = sorted({len(window) for window in plan.windows})
    return f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"


def _memory(plan: Plan) -> list[str]:
    parts, there = memory.weights(plan.net), device_memory(plan)
    return [
        f"memory, weights in half precision: {_words(there['weights'])} "
        f"({', '.join(f'{part} {size / GIB:.1f}' for part, size in parts.items())})",
        f"memory, one call of the UNet: about {_words(there['call'])}; less with fewer frames per call, or a smaller size",
        f"memory, latents: {memory.latents(plan.net) / MIB:.2g} MiB a frame, {_words(there['clip'])} for the clip",
        f"memory, together: about {_words(sum(there.values()))}; where that is too much, "
        "ComfyUI streams weights, which is slower",
    ]


def _work(plan: Plan) -> str:
    tera = plan.flop() / 1e12
    return f"{tera:.1f} TFLOP" if tera >= 100 else f"{tera:.4g} TFLOP"


def _many(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _words(size: float) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / MIB:.3g} MiB"


def _noise(plan: Plan) -> str:
    kinds = len(set(plan.noise))
    if kinds == len(plan.noise):
        return "every frame its own"
    if max(plan.noise[: plan.frames]) == plan.frames - 1:
        return "every frame its own; the padding has that of the first frames again"
    return f"{kinds} different ones; frame f starts from number f mod {kinds}"
