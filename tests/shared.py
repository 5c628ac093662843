"""What may lie beside a checkout: numbers of the official implementation with their weights, real clips, a browser."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
GOLDEN = SHARED / "golden"
CHROME = next((path for name in ("chromium", "google-chrome", "chrome") if (path := shutil.which(name))), None)
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync".split()


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


@contextlib.contextmanager
def browser():
    """A real browser of this machine; the test is skipped where there is none."""
    if CHROME is None:
        pytest.skip("no Chromium or Chrome on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROME, args=QUIET)
        yield running
        running.close()
