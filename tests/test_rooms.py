"""The maths knows no host: importing it loads neither comfy nor diffusers."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys, importlib, pathlib
for path in sorted(pathlib.Path("magicanimate_core").glob("[!_]*.py")):
    importlib.import_module(f"magicanimate_core.{path.stem}")
loaded = {name.split(".")[0] for name in sys.modules}
sys.exit(", ".join(loaded & {"comfy", "comfy_api", "diffusers", "transformers", "nodes", "folder_paths"}) or 0)
"""


def test_maths_imports_neither_comfy_nor_diffusers():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_pack_imports_without_comfyui():
    """Node managers and tools look at the root module where no ComfyUI is."""
    script = "import runpy; runpy.run_path('__init__.py')['comfy_entrypoint']"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
