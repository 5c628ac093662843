"""A virtual environment of the project's own, made on first use. Standard library only, so that it runs on a bare Python."""

import hashlib
import os
import subprocess
import venv
from pathlib import Path

from .comfyui import PACK, find_comfyui

VENV = PACK / ".venv"


def python() -> Path:
    """Interpreter of the project's environment, with everything that tests and demo need."""
    interpreter = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    host = find_comfyui()
    wanted = [PACK / "requirements-dev.txt"] + ([host / "requirements.txt"] if host else [])
    stamp, mark = VENV / "installed", hashlib.sha256(b"".join(path.read_bytes() for path in wanted)).hexdigest()
    if interpreter.exists() and stamp.exists() and stamp.read_text() == mark:
        return interpreter
    print(f"Setting up {VENV} (once; several minutes) ...", flush=True)
    venv.create(VENV, with_pip=True)
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *(argument for path in wanted for argument in ("-r", str(path)))], check=True)
    stamp.write_text(mark)
    return interpreter


def run(module: str, *arguments: str) -> int:
    """Run a module of this project in its environment, from its root."""
    return subprocess.call([str(python()), "-m", module, *arguments], cwd=PACK)
