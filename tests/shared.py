"""What may lie beside a checkout: numbers of the official implementation with their weights, and real clips."""

import contextlib
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared"
GOLDEN = SHARED / "golden"


@cache
def make_weights(seed: int = 1) -> Path:
    """Folder of the small deterministic weights, in every published layout."""
    folder = Path(tempfile.gettempdir()) / f"magicanimate-golden-weights-{seed}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:  # another test process may be writing them, too
            script = [sys.executable, GOLDEN / "make_weights.py", GOLDEN / "weight_keys.json", str(seed), f"{fresh}/weights"]
            subprocess.run(script, check=True, capture_output=True)
            with contextlib.suppress(OSError):
                os.rename(f"{fresh}/weights", folder)
    return folder
