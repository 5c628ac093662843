"""What the user sees in ComfyUI: each node is a schema and a few lines that call `magicanimate_core.host`."""

from comfy_api.latest import ComfyExtension, io

from . import (
    align,
    animate,
    apply,
    blueprints,
    demo,
    densepose,
    earlier,
    evaluate,
    folders,
    loaders,
    plan,
    pose,
    queued,
    sampling,
)


class MagicAnimateExtension(ComfyExtension):
    def __init__(self) -> None:
        folders.register()
        queued.watch()
        blueprints.watch_start()

    async def on_load(self) -> None:
        await earlier.replace()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        rooms = (loaders, apply, sampling, animate, plan, densepose, pose, align, evaluate, demo)
        return [node for room in rooms for node in room.NODES]
