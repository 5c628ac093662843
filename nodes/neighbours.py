"""The pack comfyui_controlnet_aux, whose DensePose files serve ours, too."""

import os
from contextlib import suppress
from pathlib import Path

import folder_paths

PACK = "comfyui_controlnet_aux"
INSIDE = Path("LayerNorm", "DensePose-TorchScript-with-hint-image")  # of the folder where the pack keeps its files
PLACE, SETTING = "AUX_ANNOTATOR_CKPTS_PATH", "annotator_ckpts_path"  # how that folder is named: environment, config.yaml


def controlnet_aux_files() -> list[str]:
    """Lists folders where the pack keeps, or will keep, its DensePose files; nothing where it is not installed."""
    roots = [Path(os.environ[PLACE])] if os.environ.get(PLACE) else []
    for pack in _packs():
        roots += [pack / (_configured(pack / "config.yaml") or "ckpts"), pack / "ckpts"]
    return list(dict.fromkeys(os.path.abspath(root / INSIDE) for root in roots))


def _packs() -> list[Path]:
    """Where it is installed: beside us, or in any folder of packs that the host knows."""
    places = [Path(__file__).absolute().parents[2]]
    with suppress(KeyError):
        places += map(Path, folder_paths.get_folder_paths("custom_nodes"))
    found: list[Path] = []
    for place in places:
        with suppress(OSError):  # a folder that is gone
            found += [path for path in sorted(place.iterdir()) if path.name.lower() == PACK]
    return found


def _configured(config: Path) -> str | None:
    """The folder in the pack's own settings, as its user wrote it. None for none, or what cannot be read."""
    with suppress(Exception):  # somebody else's file: yaml has kinds of errors of its own
        import yaml

        return str(yaml.safe_load(config.read_text(encoding="utf-8"))[SETTING])
    return None
