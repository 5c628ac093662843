"""A pretended accelerator: tensors that say they lie on it, compute on the CPU, refuse to mix, and count copies and waits.

A card refuses what a CPU cannot notice: numbers of two places in one operation. Under an Accelerator all that is put on
DEVICE becomes a Distant tensor, and a mix raises Mixed. `pretending` lets the host believe in it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

DEVICE = torch.device("ipu", 0)  # a kind that torch knows by name and no build of it has
CPU, META = torch.device("cpu"), torch.device("meta")

MOVES = {"to", "_to_copy", "type_as"}
RESHAPED_LIKE = {"view_as", "expand_as", "reshape_as"}  # look at another tensor's shape only
INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index"}  # a card copies indices by itself
JOINING = {"cat", "stack", "concat"}  # not even single numbers from elsewhere
NESTS = (tuple, list, dict)
WAITS = {"item", "_local_scalar_dense", "is_nonzero", "equal", "nonzero", "masked_select", "_unique2", "allclose"}


class Mixed(RuntimeError):
    """One operation was given numbers that lie in two places."""


class Distant(Tensor):
    """A tensor on the accelerator. here: its numbers, on the CPU.

    To torch's own C++ it is on "meta", the one device that has no code behind it; to everyone who asks, on DEVICE.
    """

    @staticmethod
    def __new__(cls, here: Tensor) -> "Distant":
        layout = {"strides": here.stride(), "storage_offset": here.storage_offset(), "dtype": here.dtype}
        distant = Tensor._make_wrapper_subclass(cls, here.size(), device=META, **layout)
        distant.here = here
        return distant

    @property
    def device(self) -> torch.device:
        return DEVICE

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        """Calls the function; the numbers of x[[0, 2]] = 1 torch would put on meta, where nothing has a value."""
        if function is Tensor.__getitem__ or function is Tensor.__setitem__:
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            index = tuple(torch.tensor(i) if isinstance(i, list) else i for i in index)
            value = [torch.tensor(v, dtype=args[0].dtype) if isinstance(v, (int, float)) else v for v in args[2:]]
            args = (args[0], index, *value)
        if len(args) > 1:
            args = [_as_meta(a) for a in args]
        if kwargs:
            kwargs = {name: _as_meta(a) for name, a in kwargs.items()}
        with torch._C.DisableTorchFunctionSubclass():
            return function(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise Mixed(f"{function} on {DEVICE} after the accelerator was put away")


class Accelerator(TorchDispatchMode):
    """Does every operation of torch, and counts.

    count: copies "to" and "from" the accelerator, "bytes to" and "bytes from", "kernels", "waits": the CPU asks for a number
    and stands still until the accelerator has it, and "blocking": copies that nobody has told to let the CPU go on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()
        self.generators: dict[int, torch.Generator] = {}  # those that draw there, by their address

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = function.overloadpacket.__name__
        tensors = _tensors(args)
        if kwargs:
            tensors += _tensors(kwargs.values())
        if name == "_has_compatible_shallow_copy_type":
            return not any(map(_is_distant, tensors))
        if name in MOVES or kwargs.get("device") is not None:
            return self._make(function, name, args, kwargs, tensors)
        if name == "copy_":
            return self._copy(*args, **kwargs)
        if not any(map(_is_distant, tensors)):
            return function(*args, **kwargs)
        self._refuse_mix(function, name, args, tensors)
        self.count["kernels"] += 1
        masks = name in INDEXING and any(t.dtype == torch.bool for t in tensors[1:])
        self.count["waits"] += masks or name in WAITS
        return _wrapped(function(*_here(args), **_here(kwargs)), tensors)

    def _make(self, function, name: str, args: tuple, kwargs: dict, tensors: list[Tensor]) -> Tensor:
        """A new tensor, or an old one moved; both may name a device."""
        source = tensors[0] if tensors else None
        wanted = _wanted(args, kwargs, tensors)
        if wanted.type == "meta" and source is None:
            return function(*args, **kwargs)
        distant = wanted in (DEVICE, META)  # whoever has said DEVICE to a Distant tensor is heard as META
        generator = kwargs.get("generator")
        if generator is not None and (generator._cdata in self.generators) != distant:
            raise Mixed(f"{function} on {wanted} with a generator of another place")
        args, kwargs = each(lambda a: CPU if isinstance(a, torch.device) else a, _here((args, kwargs)))
        made = function(*args, **{k: v for k, v in kwargs.items() if k != "pin_memory"})
        if source is not None and name in MOVES and _is_distant(source) != distant:
            self._moved("to" if distant else "from", made, _argument(function, "non_blocking", args, kwargs))
            made = made.clone() if made is _here(source) else made  # a move is never a view
        return _wrapped(made, tensors) if distant else made

    def _copy(self, target: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
        """The one operation that takes both places."""
        if _is_distant(target) != _is_distant(source):
            self._moved("to" if _is_distant(target) else "from", source, non_blocking)
        _here(target).copy_(_here(source))
        return target

    def _moved(self, way: str, tensor: Tensor, non_blocking: bool = False) -> None:
        self.count[way] += 1
        self.count["blocking"] += not non_blocking
        self.count[f"bytes {way}"] += tensor.numel() * tensor.element_size()

    def _refuse_mix(self, function, name: str, args: tuple, tensors: list[Tensor]) -> None:
        """Raises Mixed as a card would; single numbers may come from the CPU, and so may indices, which are copied."""
        near = [t for t in tensors if not _is_distant(t) and (t.ndim or name in JOINING)]
        if name in INDEXING and _is_distant(args[0]):
            indices = {id(t) for t in args[1] if t is not None}
            for index in (t for t in near if id(t) in indices):
                self._moved("to", index)
            near = [t for t in near if id(t) not in indices]
        changed_here = name.endswith("_") and not name.endswith("__") and not _is_distant(args[0])
        if (near or changed_here) and name not in RESHAPED_LIKE:
            places = ", ".join(f"{tuple(t.shape)} on {t.device}" for t in tensors)
            raise Mixed(f"{function} was given tensors of two places: {places}")


def _argument(function: Any, name: str, args: tuple, kwargs: dict) -> Any:
    """What an operation of torch was given under a name, in either way."""
    names = [argument.name for argument in function._schema.arguments]
    return dict(zip(names, args, strict=False)).get(name) or kwargs.get(name)


def _is_distant(tensor: Tensor) -> bool:
    return isinstance(tensor, Distant)


def _tensors(items: Iterable[Any]) -> list[Tensor]:
    """All that lie among these, also in tuples, lists and dicts."""
    found = []
    for item in items:
        if isinstance(item, Tensor):
            found.append(item)
        elif isinstance(item, NESTS):
            found += _tensors(item.values() if isinstance(item, dict) else item)
    return found


def each(function: Callable[[Any], Any], tree: Any) -> Any:
    """Passes all that lies in tuples, lists and dicts through a function."""
    if isinstance(tree, (tuple, list)):
        return type(tree)([each(function, item) for item in tree])
    if isinstance(tree, dict):
        return {key: each(function, item) for key, item in tree.items()}
    return function(tree)


def _as_meta(value: Any) -> Any:
    return META if isinstance(value, torch.device) and value.type == DEVICE.type else value


def _here(tree: Any) -> Any:
    """The same arguments with every tensor's numbers on the CPU."""
    if isinstance(tree, dict):
        return {key: _here(item) for key, item in tree.items()}
    if isinstance(tree, (tuple, list)):
        return type(tree)([_here(a) if isinstance(a, NESTS) else a.here if isinstance(a, Distant) else a for a in tree])
    return tree.here if isinstance(tree, Distant) else tree


def _wrapped(tree: Any, inputs: list[Tensor]) -> Any:
    """Results as Distant tensors; what was changed in place, or handed back as it came, is the object that came."""
    known = {id(t.here): t for t in inputs if isinstance(t, Distant)}
    return each(lambda t: (known[id(t)] if id(t) in known else Distant(t)) if isinstance(t, Tensor) else t, tree)


def _wanted(args: tuple, kwargs: dict, tensors: list[Tensor]) -> torch.device:
    """The device that a move or a factory asks for; else the one where its first tensor lies."""
    if kwargs.get("device") is not None:
        return torch.device(kwargs["device"])
    named = [a for a in args if isinstance(a, torch.device)]
    return (named or [t.device for t in tensors[1:]] or [tensors[0].device])[0]
