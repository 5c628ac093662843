"""Model files: opened without executing code, told apart by their tensors, refused in one sentence."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from safetensors import safe_open
from torch import Tensor

from ..disk import disguise
from .architecture import Shapes


class WrongFile(ValueError):
    """A model file that cannot be used. The message names the file, what it looks like and what was expected."""


def file_name(path: str | Path) -> str:
    """Returns a file's name with its folder's: two of the published files are called alike."""
    path = Path(path)
    return f"{path.parent.name}/{path.name}".lstrip("/")


def read_tensors(path: str | Path, expected: str, load: Callable[[str], Mapping]) -> dict[str, Tensor]:
    """Returns all tensors of a .safetensors or pickled file, by key. Raises WrongFile.

    expected: what the caller wants, for the message ("an appearance encoder (...)").
    load: opens a sound file without executing code (the host's own loader, or torch.load(weights_only=True)).
    """
    path = Path(path)
    check_whole(path, expected)
    try:
        content = load(str(path))
    except Exception as error:  # torch, zipfile and pickle raise a dozen kinds; the user needs one sentence
        raise WrongFile(f"{file_name(path)} {_load_trouble(error)}; expected {expected}.") from error
    while isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    tensors = {k: v for k, v in content.items() if isinstance(v, Tensor)} if isinstance(content, Mapping) else {}
    if not tensors:
        raise WrongFile(f"{file_name(path)} holds no tensors; expected {expected}.")
    return tensors


def check_whole(path: Path, expected: str) -> None:
    """Raises WrongFile for a file of which that much can be told without loading it: it is cut short, or something else."""
    trouble = _damage(path)
    if trouble:
        raise WrongFile(f"{file_name(path)} {trouble}; expected {expected}. Download the file again.")


def metadata_of(path: Path) -> dict[str, str]:
    """Returns what the header of a safetensors file says about it; of other files, nothing."""
    if path.suffix.lower() not in (".safetensors", ".sft"):
        return {}
    with safe_open(path, "pt") as file:
        return file.metadata() or {}


def _damage(path: Path) -> str | None:
    """What is wrong with the bytes, if that can be told without loading them."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(512)
        if (known := disguise(head)) is not None:
            return f"is {known}"
        if path.suffix.lower() not in (".safetensors", ".sft"):
            return None
        length = int.from_bytes(head[:8], "little")
        if length > size - 8:
            return f"is cut short or no safetensors file ({size} bytes, its header claims {length})"
        file.seek(8)
        try:
            header = json.loads(file.read(length))
        except ValueError:
            return "is no safetensors file (its header cannot be read)"
    end = 8 + length + max((t["data_offsets"][1] for k, t in header.items() if k != "__metadata__"), default=0)
    return f"is cut short ({size} of {end} bytes)" if size < end else None


def _load_trouble(error: Exception) -> str:
    asked = re.search(r"GLOBAL ([\w.]+)|class (?:'|\")?([\w.]+)", str(error))
    if "weights_only" in str(error) or "Unsupported" in type(error).__name__ or "Unpickling" in type(error).__name__:
        name = next((g for g in asked.groups() if g), None) if asked else None
        wanted = f"`{name}`" if name else "code"
        return f"asks to run {wanted} while it loads, which a file of weights never needs: refused"
    return f"cannot be opened ({str(error).splitlines()[0] if str(error) else type(error).__name__})"


# --- what a file looks like ------------------------------------------------------------------------------------------


def looks_like(shapes: Shapes) -> str:
    """Guesses what a file is, in words a user knows."""

    def has(*parts: str) -> bool:
        return any(part in key for key in shapes for part in parts)

    if has("lora_up", "lora_down", "lora_A", "lora_B", "hada_w1", "lokr_w1"):
        return "a motion LoRA" if has("motion_modules", "temporal") else "a LoRA"
    if has(".to_k_ip."):
        return f"an IP-Adapter{_text_width(shapes)}"
    if has("controlnet_cond_embedding", "zero_convs.", "controlnet_blocks."):
        return f"a ControlNet{_text_width(shapes)}"
    if has("motion_modules."):
        return "a motion module (temporal attention)"
    if has("first_stage_model.") and has("model.diffusion_model."):
        return f"a whole Stable Diffusion checkpoint{_text_width(shapes)}"
    if has("add_embedding.", "label_emb."):
        return f"an SDXL UNet{_text_width(shapes)}"
    if has("down_blocks.", "input_blocks.") and has("up_blocks.", "output_blocks.") and has("attn2.to_k"):
        whole = has("conv_norm_out", "out.0.weight")
        return f"{'a UNet' if whole else 'an appearance encoder'}{_text_width(shapes)}"
    if has("double_blocks.", "transformer_blocks.0.attn.", "joint_blocks."):
        return "a diffusion transformer"
    if has("decoder.up", "decoder.mid"):
        return "a VAE"
    if has("text_model.encoder", "embeddings.token_embedding"):
        return "a text encoder"
    return f"something else ({len(shapes)} tensors, the first is `{next(iter(shapes))}`)"


TEXT_KEYS = ("attn2.to_k.weight", ".to_k_ip.weight")  # tensors as wide as the text


def _text_width(shapes: Shapes) -> str:
    width = next((s[1] for k, s in sorted(shapes.items()) if k.endswith(TEXT_KEYS)), None)
    kind = {768: "SD 1.5", 1024: "SD 2.x", 2048: "SDXL", 1280: "SDXL refiner"}.get(width)
    return f" of {kind} width ({width})" if kind else f" with {width}-wide text" if width else ""


def check_tensors(name: str, tensors: Mapping[str, Tensor], expected: Shapes, kind: str) -> None:
    """Raises WrongFile unless the tensors are exactly those of `expected` (key -> shape)."""
    missing, surplus = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    wrong = sorted(k for k in expected.keys() & tensors.keys() if tuple(tensors[k].shape) != tuple(expected[k]))
    if not (missing or surplus or wrong):
        return
    parts = [f"{len(keys)} {what} (`{keys[0]}`...)" for what, keys in (("missing", missing), ("surplus", surplus)) if keys]
    if wrong:
        key = wrong[0]
        parts.append(f"{len(wrong)} of another shape (`{key}` is {tuple(tensors[key].shape)}, not {tuple(expected[key])})")
    shapes = {k: tuple(v.shape) for k, v in tensors.items()}
    raise WrongFile(f"{name} looks like {looks_like(shapes)}; expected {kind}. Of its tensors: {', '.join(parts)}.")
