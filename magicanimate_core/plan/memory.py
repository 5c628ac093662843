"""What lies on the device in a run: weights in half precision, one call of the UNet, and the latents of the whole clip.

A model from the tables of the architecture: not counted are the VAE, the text encoder, what an operation needs inside, and
fragmentation. A host under memory pressure streams weights, and then fewer of them are there at once.
"""

from math import prod

from ..weights import architecture as arch
from .work import Net

HALF_BYTES, FULL_BYTES = 2, 4  # bytes of a number
# values alive at once for each channel and pixel of the first level, where its feed-forward is under way: counted on
# ComfyUI's modules at 256 to 768 pixels, attention in tiles
ALIVE = 28
LATENTS = 11  # of a frame, in full precision: the sampler's, the windows' sums, what goes in and comes out


def weights(net: Net) -> dict[str, int]:
    """Returns part -> bytes of its weights in half precision."""
    parts = {
        "UNet": arch.unet_tensors(net.shape),
        "appearance encoder": arch.encoder_tensors(net.shape),
        "ControlNet": arch.controlnet_tensors(net.shape, net.hint_widths),
    }
    sizes = {part: sum(HALF_BYTES * prod(spec.shape) for spec in tensors.values()) for part, tensors in parts.items()}
    return sizes | {"temporal blocks": sum(HALF_BYTES * weight.numel() for weight in net.motion.parameters())}


def call(net: Net, frames: int, guided: bool = True) -> int:
    """Returns the bytes of what one call of the UNet with so many frames keeps at once, in half precision."""
    row = ALIVE * net.shape.widths[0] * net.places[0] + residuals(net)
    return HALF_BYTES * row * frames * (1 + guided)


def residuals(net: Net) -> int:
    """Returns how many numbers the ControlNet gives for a row: as many as wait on the UNet's skips and in its middle."""
    outputs = arch.controlnet_tensors(net.shape, net.hint_widths).items()
    names = ("controlnet_down_blocks", "controlnet_mid_block")
    return sum(
        spec.shape[0] * net.places_of(name)
        for name, spec in outputs
        if name.startswith(names) and name.endswith(".weight")
    )  # fmt: skip


def latents(net: Net) -> int:
    """Returns the bytes that every frame of the clip takes, however long the clip is."""
    return LATENTS * FULL_BYTES * net.shape.latent_channels * net.places[0]
