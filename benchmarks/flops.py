"""Floating-point operations of an animation, part by part, at the full size of SD 1.5.

    python -m benchmarks.flops [--comfyui PATH] [--frames 96] [--steps 25] [--size 512]

A model, not a measurement: the pack's code on ComfyUI's modules runs on the meta device, which has shapes and no numbers.
Counted are matrix products and convolutions, a multiply-add as two operations (torch.utils.flop_counter). Not counted are
norms, activations, softmax, copies between devices, the VAE and the text encoder.

The floor is what the parts need when nothing is computed twice: the encoder to its last self-attention input, reference keys
and values once a step, each frame once through the ControlNet, its pose embedding once a run, text keys and values once a
run, and every window with both halves.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from magicanimate_core.method.windows import SCHEDULES
from magicanimate_core.plan.work import Net, run_flop
from scripts.comfyui import find_comfyui

from .host import Host
from .report import table


def count(function: Callable, *arguments) -> float:
    """Returns the GFLOP of a call."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        function(*arguments)
    return counter.get_total_flops() / 1e9


def step_costs(parts, frames: int, windows: int, steps: int, length: int) -> dict[str, tuple[float, float]]:
    """Returns part -> (GFLOP a step, GFLOP a step of the floor). frames, windows: denoised in a step."""
    encoder, reference = count(parts.encode), {}
    keys = count(lambda: reference.update(parts.keys_values(parts.encode()))) - encoder
    control, embedding = (count(part, length) / length for part in (parts.pose, parts.pose_embedding))
    window, text = count(parts.window, reference), count(parts.text_keys_values)
    return {
        "appearance encoder, one row": (encoder, encoder),
        "reference keys and values": (keys, keys),
        f"ControlNet, {frames} frames": (control * frames, (control - embedding + embedding / steps) * frames),
        f"- of it pose embedding, {frames} frames": (embedding * frames, embedding / steps * frames),
        f"UNet, {windows} windows, both halves": (window * windows, (window - text) * windows),
        f"- of it text keys and values, {windows} windows": (text * windows, 0.0),
    }


def report(frames: int, steps: int, size: int, length: int, overlap: int) -> None:
    """Prints the table."""
    from .full_size import Parts  # stands on ComfyUI's modules

    schedule = SCHEDULES["official"]
    total = schedule.padded_length(frames, length)
    windows = len(schedule.windows(total, length, overlap))
    costs = step_costs(Parts(size, length), total, windows, steps, length)
    step, least = (sum(cost[i] for part, cost in costs.items() if not part.startswith("-")) for i in (0, 1))
    print(f"{frames} frames (denoised: {total}), {steps} steps, {size} x {size}, windows of {length}, overlap {overlap}.\n")
    rows = [(part, f"{ours:.1f}", f"{floor:.1f}") for part, (ours, floor) in costs.items()]
    rows += [("sum", f"{step:.1f}", f"{least:.1f}")]
    print(table(["GFLOP a step", "this pack", "floor"], rows))
    run = f"{step * steps / 1000:.1f} TFLOP, the floor {least * steps / 1000:.1f}"
    print(f"\nThe whole run: {run}: {step / least:.4f} times the floor.")
    formula = run_flop(Net(size, size), {(length, True): windows * steps}, total, steps) / 1e9
    print(f"By the formula of Preview the Plan: {formula / 1000:.1f} TFLOP, {formula / (step * steps):.4f} times the count.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comfyui", type=Path, default=find_comfyui())
    for name, default in (("frames", 96), ("steps", 25), ("size", 512), ("length", 16), ("overlap", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    Host(options.comfyui, "--cpu", "--use-pytorch-cross-attention")
    report(options.frames, options.steps, options.size, options.length, options.overlap)


if __name__ == "__main__":
    main()
