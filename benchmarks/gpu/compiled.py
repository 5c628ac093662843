"""Part 8: torch.compile, as ComfyUI's node applies it."""

from comfy_api.torch_helpers import set_torch_compile_wrapper
from comfy_extras.nodes_torch_compile import skip_torch_compile_dict
from torch._dynamo.utils import counters, get_compilation_metrics

from .bench import Bench, Rows
from .measuring import Memory
from .scene import Scene


def steps(bench: Bench, **options) -> Rows:
    """options: of the compiler, over those of the node TorchCompileModel."""
    scene, sizes = Scene(bench), bench.sizes
    scene.animate(sizes.window, 2)
    yield "as it is", scene.animate(sizes.frames, sizes.steps).numbers()
    model = scene.temporal.clone(disable_dynamic=True)
    options = {"guard_filter_fn": skip_torch_compile_dict, **options}
    set_torch_compile_wrapper(model=model, backend=sizes.compiler, options=options)
    with Memory() as memory:
        timed = scene.animate(sizes.frames, sizes.steps, model)
    yield f"compiled by {sizes.compiler}", timed.numbers() | counted() | memory.numbers()


def counted() -> dict[str, int]:
    """What the compiler did in this process."""
    recompiled = [metrics for metrics in get_compilation_metrics() if metrics.recompile_reason]
    return {
        "graphs": counters["stats"]["unique_graphs"],
        "graph_breaks": sum(counters["graph_break"].values()),
        "recompilations": len(recompiled),
    }
