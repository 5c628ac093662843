"""Every room of the house imports only from rooms below it, and the lowest ones know neither ComfyUI nor diffusers."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from pack.scripts.comfyui import PACK

CORE = PACK / "magicanimate_core"
FLOORS = (  # from the ground up; rooms of one floor do not import from each other
    {"disk", "declaring"},
    {"method", "media"},
    {"options", "weights", "pose", "dancers"},
    {"bodies"},
    {"data", "host", "pipeline", "plan", "presets"},
    {"training", "evaluation"},
    {"testing"},
    {"command"},
    {"__main__"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
ROOMS = [path for path in sorted(CORE.iterdir()) if path.stem in FLOOR or path.stem not in ("__init__", "__pycache__")]


def imports(path: Path) -> set[str]:
    """Rooms of the core that a file imports from, also inside functions."""
    package, found = path.relative_to(CORE).parts[:-1], set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            names = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
            found |= {base[0]} if base else set(names)
    return found


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: path.stem)
def test_arrows_run_down(room):
    for path in room.rglob("*.py") if room.is_dir() else [room]:
        for other in imports(path) - {room.stem}:
            assert FLOOR[other] < FLOOR[room.stem], f"{path.relative_to(PACK)} imports from {other}"


def modules(path: Path) -> set[Path]:
    """Files of the core that a file imports, also for hints alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1]
            place = folder.joinpath(*node.module.split(".")) if node.module else folder
            found |= {place.with_suffix(".py"), *(place / f"{alias.name}.py" for alias in node.names)}
    return {other for other in found if other.is_file()}


def test_no_files_import_each_other_in_a_circle():
    order = TopologicalSorter({path: modules(path) for path in CORE.rglob("*.py") if path.name != "__init__.py"})
    order.prepare()  # raises CycleError, with the files


SCRIPT = """
import sys, importlib, pathlib
for path in sorted(pathlib.Path("magicanimate_core/{room}").glob("[!_]*.py")):
    importlib.import_module(f"magicanimate_core.{room}.{{path.stem}}")
sys.exit(", ".join({{name.split(".")[0] for name in sys.modules}} & {forbidden}) or 0)
"""
HEAVY = {"comfy", "comfy_api", "diffusers", "transformers", "nodes", "folder_paths"}


@pytest.mark.parametrize(
    ("room", "more"),
    [("media", {"cv2"}), *((room, {"av", "cv2"}) for room in ("method", "weights", "pose", "plan"))],
)
def test_ground_floors_import_neither_comfy_nor_diffusers(room, more):
    script = SCRIPT.format(room=room, forbidden=HEAVY | more)
    done = subprocess.run([sys.executable, "-c", script], cwd=PACK, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_pack_imports_without_comfyui():
    """Node managers and tools look at the root module where no ComfyUI is."""
    script = "import runpy; runpy.run_path('__init__.py')['comfy_entrypoint']"
    subprocess.run([sys.executable, "-c", script], cwd=PACK, check=True)
