"""Where model files lie: the `magicanimate` category, and the usual folders of motion modules and ControlNets."""

import os

import folder_paths

CATEGORY = "magicanimate"
MOTION_FOLDERS = (CATEGORY, "animatediff_models")
ENCODER_FOLDERS = (CATEGORY,)
CONTROLNET_FOLDERS = (CATEGORY, "controlnet")


def register() -> None:
    """Tell the host about the category; paths from extra_model_paths.yaml stay."""
    folder_paths.add_model_folder_path(CATEGORY, os.path.join(folder_paths.models_dir, CATEGORY))
    paths, _ = folder_paths.folder_names_and_paths[CATEGORY]
    folder_paths.folder_names_and_paths[CATEGORY] = (paths, folder_paths.supported_pt_extensions)


def choices(folders: tuple[str, ...], hint: str) -> list[str]:
    """File names for a drop-down, with forward slashes; those with `hint` in the path come first."""
    known = [folder for folder in folders if folder in folder_paths.folder_names_and_paths]
    names = {name.replace("\\", "/") for folder in known for name in folder_paths.get_filename_list(folder)}
    return sorted(names, key=lambda name: (hint not in name.lower(), name.lower()))


def find(folders: tuple[str, ...], name: str) -> str:
    """Full path of a drop-down's choice."""
    for folder in folders:
        if folder in folder_paths.folder_names_and_paths:
            for spelling in (name, name.replace("/", os.sep), name.replace("/", "\\")):
                path = folder_paths.get_full_path(folder, spelling)
                if path is not None:
                    return path
    raise FileNotFoundError(
        f"{name} is in none of the model folders {', '.join(f'models/{folder}' for folder in folders)}: "
        "put the file there and refresh the page (press R)."
    )
