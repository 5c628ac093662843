"""Models by what is in their files: a name and a size say nothing of a file that was changed."""

import hashlib
from pathlib import Path

FOLDER_PARTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")  # of a diffusers folder, as far as they are read
PICKLED = (".bin", ".ckpt", ".pt", ".h5", ".msgpack")  # not read where the same lies beside them as safetensors
ONLY_EMPTY = "empty_prompt.safetensors"
READ_AT_ONCE = 2**24  # bytes read at once


class Contents(dict[Path, bytes]):
    """Digests of files by path. Each file is read once as long as this exists, which is for a run."""

    def __missing__(self, path: Path) -> bytes:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(READ_AT_ONCE):
                digest.update(chunk)
        self[path] = digest.digest()
        return self[path]


def loaded_files(folder: Path) -> list[Path]:
    """Lists the files of a diffusers folder, of a pipeline or of a single model, that decide what is loaded from it."""
    places = [folder / part for part in FOLDER_PARTS if (folder / part).is_dir()] or [folder]
    files = [folder / ONLY_EMPTY] if (folder / ONLY_EMPTY).is_file() and folder not in places else []
    for place in places:
        inside = sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith("."))
        safe = any(path.suffix == ".safetensors" for path in inside)
        files += [path for path in inside if not (safe and path.suffix in PICKLED)]
    return files
