"""To the device and off it without waiting, where this host's device can do that."""

import comfy.model_management as mm
from torch import Tensor, device


def to_device(tensor: Tensor, place: device) -> Tensor:
    """Returns a tensor on the device, or itself where it is there."""
    return tensor.to(place, non_blocking=mm.device_supports_non_blocking(place))


def parked(tensor: Tensor) -> Tensor:
    """Returns a tensor off the device, where it may arrive later: for nobody but `to_device` to read."""
    return tensor.to(mm.unet_offload_device(), non_blocking=mm.device_supports_non_blocking(tensor.device))
