"""A published network opened: its file checked whole, nothing of it executed, nothing downloaded."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from ...weights.architecture import Shapes
from ...weights.files import WrongFile, check_tensors, file_name, read_tensors
from .table import NETWORKS, Network, Weights

COUNTER = "num_batches_tracked"  # written by some versions of torch only, and used in training only


def open_network(name: str, path: str | Path, device: torch.device | str) -> nn.Module:
    """Returns a network, in fp32 and evaluation mode, on `device`.

    name: key of NETWORKS. Raises FileNotFoundError, WrongFile, and ModuleNotFoundError where a library is missing.
    """
    network, path = NETWORKS[name], Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file; expected {network.expected}.")
    try:
        shapes = _shapes(network)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{network.kind} needs the library {(error.name or '').split('.')[0]}, which is not installed: pip install "
            f"pytorch-fid lpips torchvision."
        ) from error
    tensors = read_tensors(path, network.expected, _load)
    tensors = {key.removeprefix("module."): tensor for key, tensor in tensors.items()}  # a training wrapper's mark
    weights = {key: tensor for key, tensor in tensors.items() if not key.endswith(COUNTER)}
    _check(network, file_name(path), weights, {key: shape for key, shape in shapes.items() if not key.endswith(COUNTER)})
    counters = {key: torch.zeros((), dtype=torch.int64) for key in shapes if key.endswith(COUNTER)}
    return network.filled({**weights, **counters}).to(device)


def _load(path: str) -> Mapping:
    return load_file(path) if path.endswith((".safetensors", ".sft")) else torch.load(path, "cpu", weights_only=True)


def _shapes(network: Network) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in network.empty().state_dict().items()}


def _check(network: Network, file: str, weights: Weights, shapes: Shapes) -> None:
    """Raises WrongFile unless these are the network's tensors, all of them, in 32 bits and finite."""
    if weights.keys() != shapes.keys() and (other := _other(weights)):
        raise WrongFile(f"{file} is {other.kind} ({other.file}); expected {network.expected}.")
    check_tensors(file, weights, shapes, network.expected)
    for key, tensor in weights.items():
        if tensor.dtype != torch.float32:
            raise WrongFile(f"{file} is stored in {tensor.dtype}, which moves the numbers; expected {network.expected}.")
        if not tensor.isfinite().all():
            raise WrongFile(f"{file} holds values that are no numbers (`{key}`); expected {network.expected}.")


def _other(weights: Weights) -> Network | None:
    """Which of the networks has these keys."""
    for network in NETWORKS.values():
        with suppress(ModuleNotFoundError):
            if {key for key in _shapes(network) if not key.endswith(COUNTER)} == weights.keys():
                return network
    return None
