"""Part 3: where the GPU waits."""

import gzip
import json

from torch.profiler import ProfilerActivity, profile

from .bench import Bench, Rows
from .measuring import has_card
from .scene import Scene
from .trace import waits

STEPS = 2


def gaps(bench: Bench) -> Rows:
    """Profiles two steps. Writes the operations and the trace beside the results; yields where the card waits."""
    scene, sizes = Scene(bench), bench.sizes
    scene.animate(sizes.profiled, 2)
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if has_card() else [])]
    with profile(activities=activities, with_stack=True) as profiler:
        scene.animate(sizes.profiled, STEPS)
    order = "self_device_time_total" if has_card() else "self_cpu_time_total"
    report, trace = (
        bench.stem.with_name(f"{bench.stem.name}_{bench.slug}_{end}") for end in ("profile.txt", "trace.json.gz")
    )
    report.write_text(profiler.key_averages().table(order, row_limit=40, max_name_column_width=60))
    profiler.export_chrome_trace(str(trace))
    with gzip.open(trace) as file:
        events = json.load(file)["traceEvents"]
    yield from waits(events, scene.calls)
