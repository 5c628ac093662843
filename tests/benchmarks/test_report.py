"""What every result begins with, and how benchmarks are recorded."""

import subprocess
import sys

from benchmarks.report import header, machine, table
from scripts.comfyui import PACK


def test_header_names_machine_and_versions_but_no_folder():
    text = header("title", "python -m benchmarks.flops", machine())
    assert text.startswith("# title\n") and "CPU cores" in text and "torch" in text and "    python -m" in text
    assert "/" not in text


def test_table_shows_four_digits_and_dashes():
    assert table(["a", "b"], [(0.123456, None), (12345.67, "x")]).splitlines()[2:] == ["| 0.1235 | – |", "| 12345.7 | x |"]


def test_a_benchmark_is_recorded_with_its_command(tmp_path):
    command = [sys.executable, "-m", "benchmarks.record", "--out", str(tmp_path / "out.md"), "gpu.card", "64"]
    subprocess.run(command, cwd=PACK, check=True, capture_output=True)
    text = (tmp_path / "out.md").read_text()
    assert text.startswith("# What the card is") and "python -m benchmarks.gpu.card 64" in text and '"matrix_tflops"' in text
