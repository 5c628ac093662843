"""Floating-point operations of an animation, part by part, at the full size of SD 1.5 (on the meta device).

    python -m benchmarks.flops [--comfyui PATH] [--frames 96] [--steps 25] [--size 512]

Counts matrix products and convolutions (a multiply-add is two operations) with torch.utils.flop_counter in the pack's own
code on ComfyUI's own modules. The floor is what the parts need when nothing is computed twice: encoder to its last
self-attention input, reference keys and values once a step, each frame once through the ControlNet, its pose embedding
once a run, text keys and values once a run, and every window with both halves.
"""

import argparse
import importlib.util
import sys
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

PACK = Path(__file__).resolve().parent.parent
TOKENS = 77


def load_host(comfyui: Path, cpu: bool = True) -> None:
    sys.path.insert(0, str(comfyui))
    import comfy.cli_args

    comfy.cli_args.args.cpu = cpu
    comfy.cli_args.args.use_pytorch_cross_attention = True
    spec = importlib.util.spec_from_file_location("pack", PACK / "__init__.py", submodule_search_locations=[str(PACK)])
    sys.modules["pack"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["pack"])


def count(function, *args, **kwargs) -> float:
    """GFLOPs of a call."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        function(*args, **kwargs)
    return counter.get_total_flops() / 1e9


class Parts:
    """Full-size modules without storage, and one call of each as the sampler makes it."""

    def __init__(self, size: int, length: int):
        import comfy.cldm.cldm
        import comfy.ldm.modules.diffusionmodules.openaimodel as openai
        import comfy.ops
        from pack.magicanimate_core.host.loading import host_config
        from pack.magicanimate_core.method.motion_module import MotionLayout, MotionModule
        from pack.magicanimate_core.weights import architecture as arch

        self.side, self.length = size // 8, length
        config = host_config(arch.SD15) | {"dtype": torch.float32, "device": "meta", "operations": comfy.ops.manual_cast}
        self.unet, self.encoder = openai.UNetModel(**config), openai.UNetModel(**config)
        del config["out_channels"], config["transformer_depth_output"]
        self.control = comfy.cldm.cldm.ControlNet(**config, hint_channels=3)
        with torch.device("meta"):
            self.motion = MotionModule(MotionLayout(arch.temporal_widths(arch.SD15)))

    def latents(self, rows: int):
        return torch.empty(rows, 4, self.side, self.side, device="meta")

    def text(self, rows: int):
        return torch.empty(rows, TOKENS, 768, device="meta")

    def times(self, rows: int):
        return torch.empty(rows, device="meta")

    def encode(self):
        from types import SimpleNamespace

        from pack.magicanimate_core.host.reference import encode_reference

        model = SimpleNamespace(diffusion_model=self.encoder, manual_cast_dtype=None, get_dtype=lambda: torch.float32)
        return encode_reference(model, self.latents(1), self.times(1), self.text(1))

    def keys_values(self, features):
        from pack.magicanimate_core.host.reference import keys_values

        return keys_values(self.unet, features, self.latents(1))

    def pose(self, frames: int):
        hint = torch.empty(frames, 3, 8 * self.side, 8 * self.side, device="meta")
        self.control(x=self.latents(frames), hint=hint, timesteps=self.times(frames), context=self.text(frames))

    def pose_embedding(self, frames: int):
        hint = torch.empty(frames, 3, 8 * self.side, 8 * self.side, device="meta")
        self.control.input_hint_block(hint, None, None)

    def window(self, references):
        """Both halves of a window, through the pack's own wrapper and attention."""
        from functools import partial

        from comfy.patcher_extension import WrappersMP
        from pack.magicanimate_core.host.reference import hybrid_options
        from pack.magicanimate_core.host.temporal import _temporal_forward

        rows = 2 * self.length
        options = {
            "cond_or_uncond": [1, 0],
            "wrappers": {WrappersMP.DIFFUSION_MODEL: {"m": [partial(_temporal_forward, self.motion)]}},
        }
        options = hybrid_options(self.unet, [None, references], options)
        self.unet(self.latents(rows), self.times(rows), self.text(rows), transformer_options=options)

    def text_keys_values(self):
        """What a window spends on keys and values of the text, for all of its rows."""
        for name, module in self.unet.named_modules():
            if name.endswith(("attn2.to_k", "attn2.to_v")):
                module(self.text(2 * self.length))


def report(frames: int, steps: int, size: int, length: int, overlap: int) -> tuple[float, float]:
    """Prints the table; returns (TFLOP of the run, TFLOP of the floor)."""
    from pack.magicanimate_core.method.windows import SCHEDULES

    parts = Parts(size, length)
    total = SCHEDULES["official"].padded_length(frames, length)
    windows = len(SCHEDULES["official"].windows(total, length, overlap))
    encoder = count(parts.encode)
    references = {}
    keys = count(lambda: references.update(parts.keys_values(parts.encode()))) - encoder
    control, embedding = count(parts.pose, length) / length, count(parts.pose_embedding, length) / length
    window, text = count(parts.window, references), count(parts.text_keys_values)

    ours = {"appearance encoder": encoder, "reference keys and values": keys}
    ours |= {f"ControlNet, {total} frames": control * total, f"UNet, {windows} windows": window * windows}
    floor = {
        "appearance encoder": encoder,
        "reference keys and values": keys,
        f"ControlNet, {total} frames": (control - embedding + embedding / steps) * total,
        f"UNet, {windows} windows": (window - text) * windows,
    }
    print(f"{frames} frames (denoised: {total}), {steps} steps, {size} x {size}, windows of {length}, overlap {overlap}")
    print(
        f"one window, both halves: {window:.1f} GFLOP, of it text keys and values {text:.1f}; one encoder row: {encoder:.1f}"
    )
    pose, hint = control * length, embedding * length
    print(f"{length} frames through the ControlNet: {pose:.1f} GFLOP, of it pose embedding {hint:.1f}\n")
    print(f"{'GFLOP per step':30s} {'this pack':>12s} {'floor':>12s}")
    for part in ours:
        print(f"{part:30s} {ours[part]:12.1f} {floor[part]:12.1f}")
    run, least = sum(ours.values()) * steps / 1000, sum(floor.values()) * steps / 1000
    print(f"\n{'TFLOP, whole run':30s} {run:12.1f} {least:12.1f}   {run / least:.4f} x the floor")
    return run, least


def main() -> None:
    from scripts.comfyui import find_comfyui

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comfyui", type=Path, default=find_comfyui())
    for name, default in (("frames", 96), ("steps", 25), ("size", 512), ("length", 16), ("overlap", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    load_host(options.comfyui)
    report(options.frames, options.steps, options.size, options.length, options.overlap)


if __name__ == "__main__":
    main()
