"""Where model files lie: the `magicanimate` category, and the usual folders of motion modules and ControlNets."""

import os

import folder_paths

MODEL_CATEGORY = "magicanimate"
MOTION_FOLDERS = (MODEL_CATEGORY, "animatediff_models")
ENCODER_FOLDERS = (MODEL_CATEGORY,)
CONTROLNET_FOLDERS = (MODEL_CATEGORY, "controlnet")


def register() -> None:
    """Tell the host about the categories; paths from extra_model_paths.yaml stay."""
    for category in (MODEL_CATEGORY, MOTION_FOLDERS[-1]):
        folder_paths.add_model_folder_path(category, os.path.join(folder_paths.models_dir, category))
        paths, extensions = folder_paths.folder_names_and_paths[category]
        folder_paths.folder_names_and_paths[category] = (paths, extensions or folder_paths.supported_pt_extensions)


def choices(folders: tuple[str, ...], hint: str) -> list[str]:
    """File names for a drop-down, with forward slashes; those with `hint` in the path come first."""
    names = {name.replace("\\", "/") for folder in folders for name in folder_paths.get_filename_list(folder)}
    return sorted(names, key=lambda name: (hint not in name.lower(), name.lower()))


def find(folders: tuple[str, ...], name: str) -> str:
    """Full path of a drop-down's choice."""
    for folder in folders:
        path = folder_paths.get_full_path(folder, name.replace("/", os.sep))
        if path is not None:
            return path
    raise FileNotFoundError(
        f"{name} is in none of the model folders {', '.join(f'models/{folder}' for folder in folders)}: "
        "put the file there and refresh the page (press R)."
    )
