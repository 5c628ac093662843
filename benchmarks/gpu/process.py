"""One process of a part: `python -m benchmarks.gpu.process ORDER`, started by running.py.

ORDER is JSON: a Process (see table.py) and what Bench needs. Rows go to a file, one JSON line each, as they come.
"""

import importlib
import json
import signal
import sys
from pathlib import Path

from benchmarks.host import Host

from .bench import Bench, Rows

# why a column is null where it is
REASONS = {
    "activations_gib": "the allocator of the CPU does not tell",
    "card_gib": "there is no card",
    "allocator_gib": "the allocator of the CPU does not tell",
    "idle_share": "there is no GPU that could wait",
    "idle_ms_a_window": "there is no GPU that could wait",
    "error": "the process to compare with has left no latents",
    "weights_on_device": "there is one memory only",
}


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # takes along what it has started itself
    order = json.loads(sys.argv[1])
    process, paths = order["process"], {name: Path(path) for name, path in order["paths"].items()}
    bench = Bench(**order["bench"], comfyui=paths["comfyui"], work=paths["work"], stem=paths["stem"])
    if process["flags"] is not None:
        base = ("--base-directory", str(bench.base))
        host = Host(bench.comfyui, *bench.device_flags, *base, *process["flags"])
        if bench.tiny:
            importlib.import_module("magicanimate_core.testing.tiny_sd15")  # ComfyUI knows no SD 1.5 as narrow as that
        bench = Bench(**{**vars(bench), "host": host})
    module, function = process["measure"].split(".")  # imported only now: torch and ComfyUI's modules come with it
    measure = getattr(importlib.import_module(f"benchmarks.gpu.{module}"), function)
    write(measure(bench, **process["options"]), paths["rows"], dynamic_vram(bench))


def write(rows: Rows, path: Path, dynamic: bool | None) -> None:
    """Writes rows to `path` as they come. Raises KeyError for a number that is null without a reason."""
    with path.open("a") as file:
        for name, numbers in rows:
            row = {"name": name, "dynamic_vram": dynamic}
            if isinstance(numbers, str):
                row |= {"numbers": {}, "skipped": numbers}
            else:
                row |= {"numbers": numbers, "why_null": {k: REASONS[k] for k, v in numbers.items() if v is None}}
            file.write(json.dumps(row) + "\n")
            file.flush()


def dynamic_vram(bench: Bench) -> bool | None:
    """Whether ComfyUI's dynamic VRAM is on in this process; None without a ComfyUI."""
    if bench.host is None:
        return None
    import comfy.memory_management

    return comfy.memory_management.aimdo_enabled


if __name__ == "__main__":
    main()
