"""The work of the published settings stays at its floor, counted at full size."""

import re
import subprocess
import sys

import pytest
from pack.scripts.comfyui import PACK, find_comfyui


@pytest.mark.skipif(find_comfyui() is None, reason="no ComfyUI found")
def test_an_animation_takes_hardly_more_than_the_least_work():
    """What is left above the floor: the pose's embedding at every step, keys and values of the text in every window."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.flops"], cwd=PACK, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1000:]
    assert float(re.search(r": ([\d.]+) times the floor", done.stdout)[1]) < 1.007
    assert float(re.search(r", ([\d.]+) times the count", done.stdout)[1]) == pytest.approx(1, rel=0.01)
