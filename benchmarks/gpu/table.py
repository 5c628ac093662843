"""The list: every part's processes, with the flags of ComfyUI that they run under."""

from dataclasses import dataclass, field

DYNAMIC, ESTIMATE = (), ("--disable-dynamic-vram",)
HERE = None  # no ComfyUI in the process
FP32 = ("--fp32-unet",)


@dataclass(frozen=True)
class Process:
    """One process: which function measures, and under which of ComfyUI's flags."""

    name: str
    measure: str  # module.function in this folder, a generator of rows
    flags: tuple[str, ...] | None = DYNAMIC  # ("--reserve-vram", "all but 8") leaves 8 GiB of the card
    needs: str = ""  # "cuda", or a Python package
    options: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    number: int
    name: str
    processes: tuple[Process, ...]


def both(measure: str) -> tuple[Process, ...]:
    """With dynamic VRAM, ComfyUI's default on a card, and without."""
    return Process("dynamic VRAM", measure), Process("without dynamic VRAM", measure, ESTIMATE, "cuda")


def cards(measure: str) -> tuple[Process, ...]:
    """A card of 8 GB and one of 6, with dynamic VRAM and without."""
    return tuple(
        Process(f"a card of {size} GB, {name}", measure, ("--reserve-vram", f"all but {size}", *flags), "cuda")
        for size in (8, 6)
        for name, flags in (("dynamic VRAM", DYNAMIC), ("without", ESTIMATE))
    )


def against(first: Process, *others: Process) -> tuple[Process, ...]:
    """Processes whose latents are compared with those of the first one."""
    return Process(first.name, first.measure, first.flags, first.needs, {**first.options, "reference": True}), *others


PARTS = (
    Part(1, "Load Demo Model and demo_dance on a clean server", (
        Process("dynamic VRAM", "server.demo", HERE),
        Process("without dynamic VRAM", "server.demo", HERE, "cuda", {"flags": ESTIMATE}),
    )),
    Part(2, "Seconds a step, peak memory", (
        *both("steps.clips"),
        Process("without ComfyUI", "diffusers_nets.clips", HERE),
        Process("the official algorithm's amount of work", "diffusers_nets.official", HERE),
    )),
    Part(3, "Where the GPU waits", both("profiling.gaps")),
    Part(4, "cfg 1, and one conditioning at a time", both("steps.guidance")),
    Part(5, "Together with other nodes", (
        Process("SAG", "guests.self_attention_guidance"),
        Process("Differential Diffusion", "guests.differential_diffusion"),
        Process("the temporal MODEL first", "guests.temporal_first"),
    )),
    Part(6, "Long clips: what grows is their latents", (Process("dynamic VRAM", "steps.long_clips"),)),
    Part(7, "ComfyUI's memory estimate for a window", (
        Process("default attention", "memory.estimates"),
        Process("the fallback's estimate", "memory.estimates", ("--use-split-cross-attention",)),
        *cards("memory.small_card"),
    )),
    Part(8, "torch.compile", (
        Process("default", "compiled.steps"),
        Process("reduce-overhead", "compiled.steps", DYNAMIC, "cuda", {"triton.cudagraphs": True}),
    )),
    Part(9, "Attention back ends against PyTorch's", against(
        Process("PyTorch", "latents.window", ("--use-pytorch-cross-attention",)),
        Process("split", "latents.window", ("--use-split-cross-attention",)),
        Process("sub-quadratic", "latents.window", ("--use-quad-cross-attention",)),
        Process("xformers", "latents.window", needs="xformers"),
        Process("SageAttention", "latents.window", ("--use-sage-attention",), "sageattention"),
        Process("FlashAttention", "latents.window", ("--use-flash-attention",), "flash_attn"),
        Process("Comfy Kitchen", "latents.window", ("--use-ck-attention",), "cuda"),
    )),
    Part(10, "Precision against fp32", against(
        Process("fp32", "latents.precise", FP32),
        Process("fp16", "latents.precise", ("--fp16-unet",)),
        Process("bf16", "latents.precise", ("--bf16-unet",)),
        Process("fp8_e4m3fn", "latents.precise", ("--fp8_e4m3fn-unet",)),
        Process("--fast", "latents.precise", ("--fast",)),
    )),
    Part(11, "Weights that stream", against(
        Process("dynamic VRAM", "latents.window"),
        Process("without dynamic VRAM", "latents.window", ESTIMATE, "cuda"),
        Process("--lowvram", "latents.window", ("--lowvram", *ESTIMATE), "cuda"),
        Process("--novram", "latents.window", ("--novram",), "cuda"),
        *cards("latents.window"),
        Process("LoRA as a hook", "guests.lora_hook"),
    )),
    Part(12, "A LoRA's strength changed between two runs", both("guests.lora_strength")),
    Part(13, "Training, full size", (
        Process("stage 1", "training.stage", HERE, options={"stage": "1"}),
        Process("stage 2", "training.stage", HERE, options={"stage": "2"}),
    )),
    Part(14, "The demo model's training", (Process("train_demo", "training.demo", HERE),)),
    Part(15, "Presets, whole runs", (Process("dynamic VRAM", "steps.presets"),)),
)  # fmt: skip
