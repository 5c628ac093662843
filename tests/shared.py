"""The small deterministic weights that the official implementation's numbers belong to, in every published layout."""

import contextlib
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[2] / "shared" / "golden"


@cache
def make_weights(seed: int = 1) -> Path:
    folder = Path(tempfile.gettempdir()) / f"magicanimate-golden-weights-{seed}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:  # another test process may be writing them, too
            script = [sys.executable, GOLDEN / "make_weights.py", GOLDEN / "weight_keys.json", str(seed), f"{fresh}/weights"]
            subprocess.run(script, check=True, capture_output=True)
            with contextlib.suppress(OSError):
                os.rename(f"{fresh}/weights", folder)
    return folder
