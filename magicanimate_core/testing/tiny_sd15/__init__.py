"""A test helper, placed in custom_nodes: lets ComfyUI load a Stable Diffusion 1.5 with a UNet 32 channels wide."""

import comfy.supported_models


class TinySD15(comfy.supported_models.SD15):
    unet_config = {**comfy.supported_models.SD15.unet_config, "model_channels": 32}


comfy.supported_models.models.append(TinySD15)
NODE_CLASS_MAPPINGS: dict = {}
