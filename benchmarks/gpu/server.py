"""Part 1: what a new user does first, on a real server."""

import json
import shutil
import time

from scripts.comfyui import PACK, Server

from .bench import Bench, Rows
from .measuring import Memory

DYNAMIC_VRAM = "DynamicVRAM support detected and enabled"  # in the server's log


def demo(bench: Bench, flags: tuple[str, ...] = ()) -> Rows:
    """Runs demo_dance twice on a server that has nothing but this pack; the second time with another seed."""
    if not (PACK / "demo" / "weights").is_dir():
        yield "demo_dance", "no demo/weights in this checkout"
        return
    base = bench.work / "server"
    shutil.rmtree(base, ignore_errors=True)
    begin = time.perf_counter()
    arguments = (*bench.device_flags, *flags, "--dont-print-server")
    with Memory() as memory, Server(bench.comfyui, base, *arguments) as server:
        numbers = {"seconds_to_start": time.perf_counter() - begin}
        for name, seed in (("first_run_s", 1), ("second_run_s", 2)):
            begin = time.perf_counter()
            history = server.run(workflow(bench, seed), limit_s=bench.sizes.part_limit_s)
            numbers[name] = time.perf_counter() - begin
        numbers["videos"] = len(server.files(history))
        numbers["dynamic_vram_on"] = int(DYNAMIC_VRAM in server.log.read_text(errors="replace"))
        numbers["process_gib"] = server.peak_memory() / 2**30
    yield "demo_dance", numbers | {"card_gib": memory.numbers()["card_gib"]}


def workflow(bench: Bench, seed: int) -> dict:
    """demo_dance in API form."""
    nodes = json.loads((PACK / "workflows" / "api" / "demo_dance.json").read_text())
    changes = {"seed": seed}
    if bench.tiny:
        changes |= {"steps": 2, "width": 64, "height": 64}
    for node in nodes.values():
        node["inputs"] |= {name: value for name, value in changes.items() if name in node["inputs"]}
    return nodes
