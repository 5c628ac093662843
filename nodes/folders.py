"""Where model files lie: our own categories, and the usual ones of motion modules and ControlNets."""

import os
from contextlib import suppress

import folder_paths

from ..magicanimate_core.bodies.landmarks import SUFFIX as LANDMARKS
from ..magicanimate_core.evaluation.images import EVALUATION_CATEGORY
from ..magicanimate_core.pose.exchange import SOURCES, USUAL_FILE
from . import earlier
from .neighbours import controlnet_aux_files

MODEL_CATEGORY = "magicanimate"
DENSEPOSE_CATEGORY = "densepose"
DENSEPOSE_FOLDERS = (DENSEPOSE_CATEGORY,)
FINDERS = {".torchscript", ".pt", ".pth", ".ts", LANDMARKS}  # endings of what finds parts: TorchScript, MediaPipe's
MOTION_FOLDERS = (MODEL_CATEGORY, "animatediff_models")
ENCODER_FOLDERS = (MODEL_CATEGORY,)
ADAPTER_FOLDERS = ("ipadapter",)  # as other packs call it
CONTROLNET_FOLDERS = (MODEL_CATEGORY, "controlnet")


def register() -> None:
    """Tell the host about the categories; paths from extra_model_paths.yaml stay. Makes our own folders, for the files."""
    for category in (MODEL_CATEGORY, MOTION_FOLDERS[-1], *ADAPTER_FOLDERS, DENSEPOSE_CATEGORY, EVALUATION_CATEGORY):
        folder_paths.add_model_folder_path(category, os.path.join(folder_paths.models_dir, category))
        paths, extensions = folder_paths.folder_names_and_paths[category]
        usual = FINDERS if category == DENSEPOSE_CATEGORY else folder_paths.supported_pt_extensions
        folder_paths.folder_names_and_paths[category] = (paths, extensions or usual)
    for folder in earlier.folders():
        folder_paths.add_model_folder_path(MODEL_CATEGORY, folder)
    for folder in controlnet_aux_files():
        folder_paths.add_model_folder_path(DENSEPOSE_CATEGORY, folder)
    with suppress(OSError):  # models may lie where nothing can be written
        for category in (MODEL_CATEGORY, DENSEPOSE_CATEGORY):
            os.makedirs(os.path.join(folder_paths.models_dir, category), exist_ok=True)


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


def densepose_choices() -> list[str]:
    """DensePose nets for a drop-down; where there are none, the usual name, so that the node can say so when it runs."""
    return choices(DENSEPOSE_FOLDERS, "densepose") or [USUAL_FILE]


def find_densepose(name: str) -> str:
    """Full path of a DensePose net. Raises FileNotFoundError, with where to get one."""
    try:
        return find(DENSEPOSE_FOLDERS, name)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{name} is neither in models/densepose nor in the folder of comfyui_controlnet_aux: put {SOURCES}, "
            "into models/densepose and refresh the page (press R)."
        ) from error


def evaluation_places() -> list[str]:
    """Folders in which the networks of the evaluation may lie, those that are there."""
    return [place for place in folder_paths.get_folder_paths(EVALUATION_CATEGORY) if os.path.isdir(place)]


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
