"""Parts of a diffusers folder, whatever precision and form their files are kept in."""

import re
from pathlib import Path
from typing import Any

from ..weights.files import WrongFile, check_whole

FILES = re.compile(
    r"(?:diffusion_pytorch_model|pytorch_model|model)(?:\.(?P<variant>\w+))?(?:-\d+-of-\d+)?\.(?:safetensors|bin)"
)
PREFERRED = (None, "fp32", "fp16", "bf16")  # of several variants; then any other


def load_part(kind: type, folder: Path, sub: str | None, expected: str) -> Any:
    """Loads a model of diffusers or transformers from a folder, or its subfolder `sub`, in fp32.

    Files of a variant (model.fp16.safetensors) are taken where there are no others, pickled ones (.bin) where there are no
    safetensors. Raises WrongFile for missing, damaged and other files, with what was `expected`.
    """
    place = folder / sub if sub else folder
    variant, safe = weights_variant(place, expected)
    try:
        model, info = kind.from_pretrained(
            place, variant=variant, use_safetensors=safe, local_files_only=True, output_loading_info=True
        )
    except Exception as error:  # both libraries have a dozen kinds; the user needs one sentence
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise WrongFile(f"{place} cannot be loaded ({reason}); expected {expected}.") from error
    missing = [key for key in info["missing_keys"] if not key.endswith("position_ids")]
    if missing or info.get("mismatched_keys"):
        example = sorted(map(str, missing or info["mismatched_keys"]))[0]
        raise WrongFile(
            f"{place} does not have all weights ({example} is missing or of another shape); expected {expected}."
        )
    return model.float()


def weights_variant(place: Path, expected: str) -> tuple[str | None, bool]:
    """Returns the variant to load, None for files without one, and whether there are safetensors of it.

    Raises WrongFile where there are no whole files.
    """
    if not (place / "config.json").is_file():
        raise WrongFile(f"{place} has no config.json; expected {expected}.")
    found = {path: match["variant"] for path in sorted(place.iterdir()) if (match := FILES.fullmatch(path.name))}
    if not found:
        raise WrongFile(
            f"{place} has no weights (diffusion_pytorch_model or model, .safetensors or .bin); expected {expected}."
        )
    variants = [*PREFERRED, *sorted(set(found.values()) - set(PREFERRED))]
    variant = next(name for name in variants if name in found.values())
    files = [path for path, name in found.items() if name == variant]
    safe = any(path.suffix == ".safetensors" for path in files)
    for path in files:
        if safe == (path.suffix == ".safetensors"):
            check_whole(path, expected)
    return variant, safe
