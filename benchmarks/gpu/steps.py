"""Parts 2, 4 and 6: seconds a step in ComfyUI."""

from functools import partial

from comfy.patcher_extension import WrappersMP

from magicanimate_core.options import Settings
from magicanimate_core.presets import PRESETS

from .bench import Bench, Rows
from .measuring import GIB, Memory, counted
from .scene import KEY, Scene

STEPS = Settings.steps  # as published, which a preset replaces


def clips(bench: Bench) -> Rows:
    """Clips of different length; at the usual one also TFLOP a step, and two windows a call."""
    scene, sizes = Scene(bench), bench.sizes
    scene.animate(sizes.window, 2)  # loads, and lets the card choose its kernels
    for frames in sizes.clips:
        with Memory() as memory:
            timed = scene.animate(frames, sizes.steps if frames == sizes.frames else 2)
        yield f"{frames} frames", timed.numbers() | memory.numbers()
    yield f"{sizes.frames} frames, counted", counted(partial(scene.animate, sizes.frames), sizes.steps, bench.matrix_tflops)
    with Memory() as memory:
        timed = scene.animate(sizes.frames, 3, windows_per_batch=2)
    yield f"{sizes.frames} frames, two windows a call", timed.numbers() | memory.numbers()


def guidance(bench: Bench) -> Rows:
    """Both conditionings in one call, in two calls, and the positive one alone."""
    scene, sizes = Scene(bench), bench.sizes
    scene.animate(sizes.window, 2)
    split = scene.temporal.clone()
    split.add_wrapper_with_key(WrappersMP.CALC_COND_BATCH, KEY, one_at_a_time)
    for name, model, cfg in (("cfg 7.5", None, 7.5), ("cfg 7.5 in two calls", split, 7.5), ("cfg 1", None, 1.0)):
        with Memory() as memory:
            timed = scene.animate(sizes.frames, sizes.steps, model, cfg=cfg)
        yield name, timed.numbers() | {"unet_calls_a_step": scene.calls / sizes.steps} | memory.numbers()
    rows = [2 * sizes.window, 4, sizes.side // 8, sizes.side // 8]
    yield "two calls where less is free", {"free_gib": 1.5 * scene.temporal.model.memory_required(rows) / GIB}


def one_at_a_time(executor, model, *args):
    """CALC_COND_BATCH wrapper: makes ComfyUI believe that two conditionings do not fit into the card's memory."""
    model.memory_required = lambda *_, **__: 1e30
    try:
        return executor(model, *args)
    finally:
        del model.memory_required


def presets(bench: Bench) -> Rows:
    """Whole runs of every preset: what is saved of the published settings' time, and peak memory by length."""
    scene, sizes, published = Scene(bench), bench.sizes, {}
    scene.animate(sizes.window, 2)
    for preset in PRESETS:
        for frames in sizes.clips:
            with Memory() as memory:
                timed = scene.animate(frames, STEPS, preset=preset)
            published.setdefault(frames, timed.whole_s)
            whole = {"whole_run_s": timed.whole_s, "of_published": timed.whole_s / published[frames]}
            yield f"{preset}, {frames} frames", whole | timed.numbers() | memory.numbers()


def long_clips(bench: Bench) -> Rows:
    """What a clip's latents take on the card: memory by length."""
    scene, sizes = Scene(bench), bench.sizes
    scene.animate(sizes.window, 2)
    for frames in sizes.long_clips:
        with Memory() as memory:
            timed = scene.animate(frames, 2)
        yield f"{frames} frames", timed.numbers() | memory.numbers()
