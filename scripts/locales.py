"""Words of the nodes in people's languages:  python -m scripts.locales

Writes locales/en/nodeDefs.json from what the nodes say of themselves to a ComfyUI, and lists what the other languages lack.
"""

import json
import tempfile
from dataclasses import fields
from pathlib import Path

from magicanimate_core.options import Aligning, PoseWork, Settings
from magicanimate_core.presets import Presets

from .comfyui import PACK, Server, find_comfyui

LOCALES = PACK / "locales"
ENGLISH = "en"
ALSO_CALLED = {"spacing": "scheduler"}  # input of a node -> the option that it is

Words = dict[str, dict]  # node -> display_name, description, inputs, outputs: the front end's nodeDefs


def main() -> None:
    comfyui = find_comfyui()
    if comfyui is None:
        raise SystemExit("No ComfyUI found: set COMFYUI_PATH.")
    with tempfile.TemporaryDirectory() as base, Server(comfyui, Path(base)) as server:
        words = node_words(server.get("/object_info"))
    write(ENGLISH, words)
    for language in languages():
        for place in lacking(words, read(language)):
            print(f"{language}: {place} is missing")


def node_words(info: dict[str, dict]) -> Words:
    """Returns the English words of our nodes, from the host's /object_info."""
    return {
        name: {
            "display_name": node["display_name"],
            "description": node["description"],
            "inputs": {key: _input(key, value) for key, value in _inputs(node).items()},
            "outputs": {
                str(number): {"name": label, **({"tooltip": tip} if tip else {})}
                for number, (label, tip) in enumerate(zip(node["output_name"], node["output_tooltips"], strict=True))
            },
        }
        for name, node in sorted(info.items())
        if name.startswith("MagicAnimate")
    }


def _inputs(node: dict) -> dict[str, list]:
    return {**node["input"].get("required", {}), **node["input"].get("optional", {})}


def _input(name: str, value: list) -> dict:
    """Words of one input as /object_info tells it: [type, settings]. Of its options, those that are ours."""
    settings = value[1] if len(value) > 1 else {}
    offered = value[0] if isinstance(value[0], list) else settings.get("options", ())
    ours = {option: option for option in offered if option in _choices(name)}
    words = {"name": name, "tooltip": settings.get("tooltip", ""), "options": ours}
    return {key: word for key, word in words.items() if word}


def _choices(name: str) -> set[str]:
    """What the tables of options declare that an option may be."""
    name = ALSO_CALLED.get(name, name)
    groups = (Settings, Presets, Aligning, PoseWork)
    declared = [option for group in groups for option in fields(group) if option.name == name]
    return {choice for option in declared for choice in option.metadata.get("choices", ())}


def languages() -> list[str]:
    """Lists the languages there are, English apart."""
    return sorted(folder.name for folder in LOCALES.iterdir() if folder.name != ENGLISH)


def read(language: str) -> Words:
    """Returns a language's words; none where there is no file."""
    path = LOCALES / language / "nodeDefs.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write(language: str, words: Words) -> None:
    """Writes a language's words."""
    path = LOCALES / language / "nodeDefs.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(words, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def lacking(words: dict, other: dict, place: str = "") -> list[str]:
    """Lists the places of `words` that have no words in another language."""
    missing = []
    for key, value in words.items():
        here = f"{place}.{key}".lstrip(".")
        if isinstance(value, dict):
            missing += lacking(value, other.get(key, {}), here)
        elif not str(other.get(key, "")).strip():
            missing.append(here)
    return missing


if __name__ == "__main__":
    main()
