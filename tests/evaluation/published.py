"""The published evaluation's values on inputs made from seeds, and stand-ins for its networks, where they lie beside us."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pack.magicanimate_core.evaluation.networks.opening import open_network
from pack.magicanimate_core.evaluation.networks.table import find_network
from pack.tests.shared import GOLDEN
from torch import nn

FOLDER = GOLDEN / "evaluation"
Videos = dict[str, dict[str, np.ndarray]]  # by side ("true", "generated") and name, (T, H, W, 3)


def _need() -> None:
    if not FOLDER.is_dir():
        pytest.skip("no values of the published evaluation beside this checkout (../shared/golden/evaluation)")


@cache
def values() -> dict[str, Any]:
    _need()
    return json.loads((FOLDER / "values.json").read_text())


@cache
def plan() -> dict[str, Any]:
    _need()
    return json.loads((FOLDER / "inputs.json").read_text())


@cache
def inputs() -> ModuleType:
    """The script that makes the inputs."""
    _need()
    spec = importlib.util.spec_from_file_location("golden_inputs", FOLDER / "make_inputs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def videos(name: str) -> Videos:
    """The videos of one set."""
    made = list(inputs().videos(plan()["sets"][name]))
    return {"true": {row[0]: row[1] for row in made}, "generated": {row[0]: row[2] for row in made}}


@cache
def features() -> dict[str, np.ndarray]:
    _need()
    return dict(np.load(FOLDER / "features.npz"))


def fed(name: str, distance: str) -> list[dict[str, Any]]:
    """What the network was given, clip by clip."""
    return values()["sets"][name][distance]["fed"]


@cache
def weights() -> Path:
    """Folder of the stand-ins, made once: about a gigabyte."""
    _need()
    folder = Path(tempfile.gettempdir()) / "golden_networks"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:  # another test process may be writing them, too
            script = [sys.executable, FOLDER / "make_network_weights.py", FOLDER / "network_keys.json", f"{fresh}/weights"]
            subprocess.run(script, check=True, capture_output=True)
            with contextlib.suppress(OSError):
                os.rename(f"{fresh}/weights", folder)
    return folder


@cache
def network(name: str) -> nn.Module:
    return open_network(name, find_network(name, weights()), "cpu")
