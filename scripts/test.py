"""Run all tests:  python -m scripts.test [pytest arguments]

Sets up an environment of its own on first use. The tests of nodes, sampling and workflows need a ComfyUI (COMFYUI_PATH, an
enclosing custom_nodes, or ~/comfy/ComfyUI) and are skipped without one. Further versions are tested as well where they
lie beside it: COMFYUI_ALSO, a list of folders, or ~/comfy/ComfyUI-*.
"""

import os
import subprocess
import sys
from pathlib import Path

from .comfyui import PACK, find_comfyui
from .environment import python

# On older versions, without what is pictures in, pictures out, without the pretended accelerator and IP-Adapters, and with
# one comparison of the two bodies, that of test_demo
SAME_ANYWHERE = (
    "accelerator", "adapters", "align", "align_pose", "attentions", "bodies", "compiled", "densepose", "devices",
    "equalities", "evaluate", "evaluate_networks", "golden", "ip_adapter", "plan", "pose_hints", "prepare_pose", "rows",
    "switches", "two_bodies", "waiting",
)  # fmt: skip


def also(host: Path) -> list[Path]:
    """Other versions of the host to run the in-process tests against."""
    named = os.environ.get("COMFYUI_ALSO")
    folders = [Path(p) for p in named.split(os.pathsep) if p] if named is not None else sorted(host.parent.glob("ComfyUI-*"))
    return [path for path in folders if (path / "folder_paths.py").is_file()]


def pytest(interpreter: Path, *arguments: str, host: Path | None = None) -> int:
    environment = os.environ | ({"COMFYUI_PATH": str(host)} if host else {})
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else some thirty processes compile the same modules anew
    workers = ["-n", str(min(2, os.cpu_count() or 1)), "--dist", "loadfile"]
    return subprocess.call([str(interpreter), "-m", "pytest", *workers, *arguments], cwd=PACK, env=environment)


def main() -> int:
    interpreter, host = python(), find_comfyui()
    if host is None:
        failed = pytest(interpreter, *sys.argv[1:])
        print("All of tests/host and tests/server was skipped: no ComfyUI (COMFYUI_PATH, custom_nodes, ~/comfy/ComfyUI).")
        return failed
    failed = 0
    for older in also(host):
        print(f"\n=== {older.name}: nodes and sampling", flush=True)
        left_out = [f"--ignore-glob=*/test_{name}.py" for name in SAME_ANYWHERE]
        failed |= pytest(interpreter, "tests/host", "tests/doors/host", *left_out, "-q", *sys.argv[1:], host=older)
    print(f"\n=== {host.name}: everything", flush=True)
    return failed | pytest(interpreter, *sys.argv[1:], host=host)


if __name__ == "__main__":
    sys.exit(main())
