"""ComfyUI-MagicAnimate: animate one photo along a DensePose video. ComfyUI calls `comfy_entrypoint`."""

WEB_DIRECTORY = "./web"  # help pages: web/docs/<node id>.md


async def comfy_entrypoint():
    from .nodes import MagicAnimateExtension  # imported here so that the pack can be looked at without a ComfyUI

    return MagicAnimateExtension()
