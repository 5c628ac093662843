"""To the device and off it without waiting, where this host's device can do that."""

import comfy.model_management as mm
from torch import Tensor, device


def moved(tensor: Tensor, place: device) -> Tensor:
    """Returns a tensor on the device, or itself where it is there."""
    return tensor.to(place, non_blocking=mm.device_supports_non_blocking(place))


def parked(tensor: Tensor) -> Tensor:
    """Returns a tensor off the device, in memory that torch pins where it need not wait; for nobody but `moved` to read."""
    return tensor.to(mm.unet_offload_device(), non_blocking=mm.device_supports_non_blocking(tensor.device))
