"""What a training step of the full-size nets takes, without a GPU: operations and memory on the meta device.

    python -m benchmarks.training [--size 512] [--frames 16]

Nets, losses and the way back are the real ones (training/animation.py, training/objective.py) at Stable Diffusion 1.5's
sizes; only the numbers are missing. Operations: matmul and convolution, multiply-add = 2. Memory: weights that learn in
fp32 with gradient and two Adam moments (16 bytes each), frozen ones in 16 bits, and what autograd keeps for the way back in
16 bits, with fused attention (which keeps no attention maps). cuDNN's workspaces, fragmentation and the VAE come on top:
about 2 GiB.
"""

import argparse
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from magicanimate_core.testing.tiny_training import random_batch, random_nets
from magicanimate_core.training.objective import Objective
from magicanimate_core.weights import architecture as arch


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a step takes."""

    tera: float  # operations of a step, forward and back
    weights: float  # GiB
    kept: float  # GiB, for the way back


def full_size(stage: str, shape: arch.UNetShape, checkpointing: bool) -> Objective:
    """Builds the nets of a stage with the loss of their batches."""
    nets = random_nets(stage, shape, text=torch.empty(1, 77, shape.context_width), zeros=True).train()
    if checkpointing:
        nets.enable_gradient_checkpointing()
    return Objective(nets)


def is_attention_map(tensor: torch.Tensor) -> bool:
    """Tells attention maps (B, 8 heads, L, M), never written down by a fused kernel; in (B, heads, L, D) D is 40 to 160."""
    if tensor.ndim != 4 or tensor.shape[1] != 8 or 40 <= tensor.shape[-1] <= 160:
        return False
    return tensor.shape[-2] * tensor.shape[-1] > 2**16


class Kept:
    """Bytes that autograd keeps, in 16 bits; weights and attention maps left out."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.weights = {id(p) for p in module.parameters()}
        self.bytes, self.ids, self.alive = 0, set(), []

    def pack(self, tensor: torch.Tensor) -> torch.Tensor:
        """Counts a tensor of any shape (...) that autograd is about to keep; returns it."""
        base = tensor._base if tensor._base is not None else tensor  # views keep what they look at
        if id(base) in self.weights or id(base) in self.ids:
            return tensor
        if is_attention_map(tensor):
            return tensor
        self.ids.add(id(base))
        self.alive.append(base)  # an id is only good as long as its owner lives
        self.bytes += 2 * base.numel()
        return tensor


def cost(
    stage: str, references: int, frames: int, size: int, checkpointing: bool, shape: arch.UNetShape = arch.SD15
) -> Cost:
    """Counts a step of a stage on N references with F frames each, forward and back."""
    with torch.device("meta"):
        module, batch = full_size(stage, shape, checkpointing), random_batch(references, frames, size)
    kept = Kept(module)
    with FlopCounterMode(display=False) as operations:
        with torch.autograd.graph.saved_tensors_hooks(kept.pack, lambda tensor: tensor):
            loss = module(batch)
        loss.backward()
    learning = sum(p.numel() for p in module.parameters() if p.requires_grad)
    frozen = sum(p.numel() for p in module.parameters()) - learning
    weights = (16 * learning + 2 * frozen) / 2**30
    return Cost(tera=operations.get_total_flops() / 1e12, weights=weights, kept=kept.bytes / 2**30)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--frames", type=int, default=16)
    options = parser.parse_args()
    print("| stage | batch | checkpointing | TFLOP a step | weights, gradients, Adam | kept for the way back | sum |")
    print("|---|---|---|---|---|---|---|")
    for stage, references, frames in (("1", 1, 1), ("1", 4, 1), ("2", 1, options.frames)):
        for checkpointing in (False, True):
            c = cost(stage, references, frames, options.size, checkpointing)
            what = f"{references} x {frames} frame{'s' if frames > 1 else ''}"
            print(f"| {stage} | {what} | {'yes' if checkpointing else 'no'} | {c.tera:.1f} | {c.weights:.1f} GiB", end="")
            print(f" | {c.kept:.1f} GiB | {c.weights + c.kept:.1f} GiB |", flush=True)


if __name__ == "__main__":
    main()
