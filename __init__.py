"""ComfyUI-MagicAnimate: animate one photo along a DensePose video. ComfyUI calls `comfy_entrypoint`."""


async def comfy_entrypoint():
    from .nodes import MagicAnimateExtension  # imported here so that the pack can be looked at without a ComfyUI

    return MagicAnimateExtension()
