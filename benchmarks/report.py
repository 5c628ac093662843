"""What every table of benchmarks/results begins with, and how tables are written in Markdown."""

import importlib.metadata
import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from scripts.comfyui import find_comfyui

PACKAGES = ("torch", "diffusers", "transformers")


def machine() -> dict:
    """Returns the date, the machine's size and the versions of what runs, without names of machines or folders."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else None
    versions = {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES}
    return {
        "date": date.today().isoformat(),
        "cores": os.cpu_count(),
        "memory_gib": memory and round(memory, 1),
        "versions": versions | {"comfyui": comfyui_version(find_comfyui())},
    }


def header(title: str, command: str, about: dict) -> str:
    """Returns the first lines of a result. about: from `machine`, with a card where one was used."""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items() if version)
    size = f"{about['cores']} CPU cores, {about['memory_gib']} GiB memory"
    card = f"; {about['card']['name']}, driver {about['card']['driver']}" if about.get("card") else ""
    return f"# {title}\n\n{about['date']}. {size}{card}. {versions}.\n\n    {command}\n"


def table(columns: Sequence[str], rows: Iterable[Sequence]) -> str:
    """Returns a Markdown table; numbers with four digits that count, None as a dash."""
    lines = [columns, ["---"] * len(columns), *([cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def cell(value) -> str:
    """Returns a value as a table shows it."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.1f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def comfyui_version(comfyui: Path | None) -> str | None:
    """Returns the version that a ComfyUI folder gives itself."""
    path = comfyui and comfyui / "comfyui_version.py"
    return re.search(r'"(.+)"', path.read_text())[1] if path and path.is_file() else None


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
