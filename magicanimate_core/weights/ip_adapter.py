"""IP-Adapter files: of which kind one is, what it reads of a photo, and whether it was made for this UNet."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor, nn

from ..method.ip_adapter import IPAdapter, projection_kind
from .architecture import Shapes
from .files import WrongFile, check_tensors, file_name, looks_like, read_tensors
from .published import Tensors, shapes_of

IP_ADAPTER = (
    "an IP-Adapter for Stable Diffusion 1.5 (ip-adapter_sd15 or ip-adapter-plus_sd15, from models/ of h94/IP-Adapter on "
    "Hugging Face)"
)
MAKES_TOKENS, READS_TOKENS = "image_proj", "ip_adapter"  # parts of a file


class Adapter(NamedTuple):
    """An IP-Adapter."""

    name: str  # of its file
    tensors: Tensors  # image_proj.* and ip_adapter.*
    pooled: bool  # it reads one vector of a photo; else one a patch
    width: int  # of what it reads

    def part(self, name: str) -> dict[str, Tensor]:
        """Returns the tensors of a part, image_proj or ip_adapter, without its name, in fp32."""
        return {key: value.float() for key, value in _part(self.tensors, name).items()}

    def check_unet(self, cross_attentions: list[tuple[int, ...]]) -> None:
        """Raises WrongFile unless it was made for a UNet with these cross attentions.

        cross_attentions: shapes (width, text width) of their keys' weights: of the way down, the way up, the middle.
        """
        check_cross_attentions(self.name, self.tensors, cross_attentions)

    def build(self, ops=nn, **factory) -> IPAdapter:
        """Makes layers of its shapes, the weights still to be loaded. Raises WrongFile where not all of them are there."""
        shapes = shapes_of(self.tensors)
        sizes, readers = _part(shapes, MAKES_TOKENS), _part(shapes, READS_TOKENS)
        try:
            widths = {key.split(".")[0]: shape[0] for key, shape in readers.items()}  # keys and values are as wide
            net = IPAdapter(projection_kind(sizes), sizes, widths, ops, **factory)
        except (ValueError, LookupError) as error:
            raise WrongFile(f"{self.name} is damaged ({error}); expected {IP_ADAPTER}.") from error
        net.name = self.name
        check_tensors(self.name, self.tensors, shapes_of(net.state_dict()), IP_ADAPTER)
        return net


def check_cross_attentions(name: str, tensors: Tensors, cross_attentions: list[tuple[int, ...]]) -> None:
    """Raises WrongFile unless an adapter's tensors were made for a UNet with these cross attentions, as in check_unet."""
    places = {2 * i + 1: shape for i, shape in enumerate(cross_attentions)}  # even numbers are the self-attentions
    expected = {f"{READS_TOKENS}.{i}.to_{x}_ip.weight": shape for i, shape in places.items() for x in "kv"}
    given = {key: value for key, value in tensors.items() if key.startswith(f"{READS_TOKENS}.")}
    check_tensors(name, given, expected, f"{IP_ADAPTER}, as wide as the base model")


def read_adapter(path: Path, load: Callable[[str], Mapping]) -> Adapter:
    """Returns the IP-Adapter in a .safetensors or pickled file. Raises WrongFile, and FileNotFoundError for none.

    load: as for read_tensors.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file; expected {IP_ADAPTER}.")
    name = file_name(path)
    tensors = read_tensors(path, IP_ADAPTER, lambda place: _flat(load(place)))
    shapes = shapes_of(tensors)
    projection = _part(shapes, MAKES_TOKENS)
    if not projection or not any(".to_k_ip." in key for key in shapes):
        raise WrongFile(f"{name} looks like {looks_like(shapes)}; expected {IP_ADAPTER}.")
    if _reads_faces(shapes, projection):
        raise WrongFile(
            f"{name} is a FaceID adapter, which reads the vectors of a face net and not CLIP's; expected {IP_ADAPTER}."
        )
    pooled, width, text = _reads(name, projection)
    key = next(key for key in shapes if ".to_k_ip." in key)
    if shapes[key][1:] != (text,):
        raise WrongFile(
            f"{name} is damaged: its image tokens are {text} wide, {key} is {shapes[key]}; expected {IP_ADAPTER}."
        )
    own = {key: value for key, value in tensors.items() if key.startswith((f"{MAKES_TOKENS}.", f"{READS_TOKENS}."))}
    return Adapter(name, own, pooled, width)


def _part(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a file has of a part, without its name."""
    return {key.removeprefix(f"{name}."): value for key, value in content.items() if key.startswith(f"{name}.")}


def _flat(content: Mapping) -> Mapping:
    """Pickled files hold a dict for each part; safetensors have the part's name before the keys."""
    parts = {part: inside for part, inside in content.items() if isinstance(inside, Mapping)}
    return {f"{part}.{key}": value for part, inside in parts.items() for key, value in inside.items()} or content


def _reads_faces(shapes: Shapes, projection: Shapes) -> bool:
    lora = any("_lora." in key for key in shapes)
    plus = "perceiver_resampler.proj_in.weight" in projection
    return lora or plus or {"proj.2.weight", "norm.weight"} <= projection.keys()


def _reads(name: str, projection: Shapes) -> tuple[bool, int, int]:
    """Whether one vector of a photo is read, how wide what is read is, and how wide the image tokens are.

    Raises WrongFile for an unknown kind.
    """
    kind = projection_kind(projection)
    if kind is None:
        unknown = f"{MAKES_TOKENS}.{next(iter(projection))}"
        raise WrongFile(f"{name} is an IP-Adapter of an unknown kind (`{unknown}`); expected {IP_ADAPTER}.")
    try:
        return kind.pooled, *kind.widths(projection)
    except (ValueError, LookupError) as error:
        raise WrongFile(f"{name} is damaged (a layer of it is no matrix); expected {IP_ADAPTER}.") from error
