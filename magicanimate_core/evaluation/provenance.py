"""Where numbers come from: versions, machine, and files by their checksums."""

import hashlib
import importlib.metadata
import os
import platform
import re
from datetime import date
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("numpy", "scikit-image", "opencv-python-headless", "opencv-python", "pillow", "av", "torch", "torchvision",
            "pytorch-fid", "lpips", "scipy")  # fmt: skip
BYTES_AT_ONCE = 2**24  # of a file


def checksum(path: Path) -> str:
    """Returns the SHA-256 of a file, in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(BYTES_AT_ONCE):
            digest.update(chunk)
    return digest.hexdigest()


def version() -> str:
    """Returns the version of this pack."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^version = "(.+)"', text, re.M)[1]


def versions() -> dict[str, str]:
    """Returns the versions of Python and of what numbers are computed with, as far as it is installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def machine(device: torch.device) -> dict[str, Any]:
    """Returns the date, the kind of machine and the card, without names of machines or people."""
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    about = {
        "date": date.today().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }
    return about | {"device": card or device.type, "threads": torch.get_num_threads()}
