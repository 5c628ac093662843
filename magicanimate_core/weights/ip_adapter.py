"""IP-Adapter files: of which kind one is, what it reads of a photo, and whether it was made for this UNet."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from .architecture import Shapes
from .files import WrongFile, check_tensors, file_name, looks_like, read_tensors
from .published import Tensors, shapes_of

IP_ADAPTER = (
    "an IP-Adapter for Stable Diffusion 1.5 (ip-adapter_sd15 or ip-adapter-plus_sd15, from models/ of h94/IP-Adapter on "
    "Hugging Face)"
)
PLAIN_TOKENS = 4  # image tokens of the plain kind


class Adapter(NamedTuple):
    """An IP-Adapter."""

    name: str  # of its file
    tensors: Tensors  # image_proj.* and ip_adapter.*
    pooled: bool  # it reads one vector of a photo; else one a patch
    width: int  # of what it reads

    def part(self, name: str) -> dict[str, Tensor]:
        """Returns the tensors of a part, image_proj or ip_adapter, without its name, in fp32."""
        given = {key: value.float() for key, value in self.tensors.items() if key.startswith(f"{name}.")}
        return {key.removeprefix(f"{name}."): value for key, value in given.items()}

    def check_unet(self, cross_attentions: list[tuple[int, ...]]) -> None:
        """Raises WrongFile unless it was made for a UNet with these cross attentions.

        cross_attentions: shapes (width, text width) of their keys' weights: of the way down, the way up, the middle.
        """
        places = {2 * i + 1: shape for i, shape in enumerate(cross_attentions)}  # even numbers are the self-attentions
        expected = {f"ip_adapter.{i}.to_{x}_ip.weight": shape for i, shape in places.items() for x in "kv"}
        given = {key: value for key, value in self.tensors.items() if key.startswith("ip_adapter.")}
        check_tensors(self.name, given, expected, f"{IP_ADAPTER}, as wide as the base model")


def read_adapter(path: Path, load: Callable[[str], Mapping]) -> Adapter:
    """Returns the IP-Adapter in a .safetensors or pickled file. Raises WrongFile, and FileNotFoundError for none.

    load: as for read_tensors.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file; expected {IP_ADAPTER}.")
    name = file_name(path)
    tensors = read_tensors(path, IP_ADAPTER, lambda place: _flat(load(place)))
    shapes = shapes_of(tensors)
    projection = {key.removeprefix("image_proj."): shape for key, shape in shapes.items() if key.startswith("image_proj.")}
    if not projection or not any(".to_k_ip." in key for key in shapes):
        raise WrongFile(f"{name} looks like {looks_like(shapes)}; expected {IP_ADAPTER}.")
    if _reads_faces(shapes, projection):
        raise WrongFile(
            f"{name} is a FaceID adapter, which reads the vectors of a face net and not CLIP's; expected {IP_ADAPTER}."
        )
    pooled, width, text = _reads(name, projection)
    key = next(key for key in shapes if ".to_k_ip." in key)
    if shapes[key][1] != text:
        raise WrongFile(
            f"{name} is damaged: its image tokens are {text} wide, {key} reads {shapes[key][1]}; expected {IP_ADAPTER}."
        )
    return Adapter(name, tensors, pooled, width)


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
    if "proj.weight" in projection:
        rows, width = projection["proj.weight"]
        return True, width, rows // PLAIN_TOKENS
    if {"proj.0.weight", "proj.3.weight"} <= projection.keys():  # the full-face kind
        return False, projection["proj.0.weight"][1], projection["proj.3.weight"][0]
    if {"latents", "proj_in.weight", "proj_out.weight"} <= projection.keys():  # the plus kinds
        return False, projection["proj_in.weight"][1], projection["proj_out.weight"][0]
    raise WrongFile(
        f"{name} is an IP-Adapter of an unknown kind (`image_proj.{next(iter(projection))}`); expected {IP_ADAPTER}."
    )
