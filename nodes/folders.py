"""Where model files lie: the `magicanimate` category, and the usual folders of motion modules and ControlNets."""

import os
from contextlib import suppress

import folder_paths

MODEL_CATEGORY = "magicanimate"
MOTION_FOLDERS = (MODEL_CATEGORY, "animatediff_models")
ENCODER_FOLDERS = (MODEL_CATEGORY,)
CONTROLNET_FOLDERS = (MODEL_CATEGORY, "controlnet")


def register() -> None:
    """Tell the host about the categories; paths from extra_model_paths.yaml stay. Makes our own folder, for the files."""
    for category in (MODEL_CATEGORY, MOTION_FOLDERS[-1]):
        folder_paths.add_model_folder_path(category, os.path.join(folder_paths.models_dir, category))
        paths, extensions = folder_paths.folder_names_and_paths[category]
        folder_paths.folder_names_and_paths[category] = (paths, extensions or folder_paths.supported_pt_extensions)
    with suppress(OSError):  # models may lie where nothing can be written
        os.makedirs(os.path.join(folder_paths.models_dir, MODEL_CATEGORY), exist_ok=True)


def choices(folders: tuple[str, ...], hint: str) -> list[str]:
    """File names for a drop-down, with forward slashes; those with `hint` in the path come first."""
    return sorted(_files(folders), key=lambda name: (hint not in name.lower(), name.lower()))


def find(folders: tuple[str, ...], name: str) -> str:
    """Full path of a drop-down's choice. Raises FileNotFoundError."""
    path = next(filter(None, (_path(folder, name) for folder in folders)), None) or _files(folders).get(name)
    if path is not None:
        return path
    raise FileNotFoundError(
        f"{name} is in none of the model folders {', '.join(f'models/{folder}' for folder in folders)}: "
        "put the file there and refresh the page (press R)."
    )


def _files(folders: tuple[str, ...]) -> dict[str, str]:
    """Name in a drop-down -> full path. Of two files of one name, the one of the later folder has the folder before it."""
    found: dict[str, str] = {}
    second: list[tuple[str, str]] = []  # (folder/name, path) of those whose name is taken
    for folder in folders:
        for name in _listed(folder):
            path, name = _path(folder, name), name.replace("\\", "/")
            if path is None:
                continue
            if name not in found:
                found[name] = path
            elif not os.path.samefile(path, found[name]):  # two categories may be one folder
                second.append((f"{folder}/{name}", path))
    for name, path in second:
        found[f"models/{name}" if name in found else name] = path
    return found


def _listed(category: str) -> list[str]:
    """The host's list of a category. It remembers folders, and fails where one of them was renamed or removed since."""
    try:
        return folder_paths.get_filename_list(category)
    except OSError:
        folder_paths.filename_list_cache.pop(category, None)
        return folder_paths.get_filename_list(category)


def _path(category: str, name: str) -> str | None:
    return folder_paths.get_full_path(category, name.replace("/", os.sep))
