"""The list for the GPU at tiny sizes, on the CPU: what it writes, and that a part that fails costs nothing else."""

import json
import math
import subprocess
import sys

import pytest

from benchmarks.gpu.process import write
from benchmarks.gpu.results import Results
from benchmarks.gpu.running import Runner, run_group
from benchmarks.gpu.table import HERE, PARTS, Part, Process
from benchmarks.gpu.trace import waits
from scripts.comfyui import PACK, find_comfyui

CARD = {"name": "cpu", "driver": None, "memory_gib": None, "matrix_tflops": {"fp32": 0.1}}


@pytest.fixture
def runner(tmp_path):
    return Runner(comfyui=tmp_path, work=tmp_path, stem=tmp_path / "gpu", card=CARD, tiny=True)


@pytest.mark.skipif(find_comfyui() is None, reason="no ComfyUI found")
def test_a_part_runs_on_the_cpu(tmp_path):
    arguments = ["--tiny", "--parts", "4", "--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")]
    subprocess.run([sys.executable, "-m", "benchmarks.gpu", *arguments], cwd=PACK, check=True, capture_output=True)
    (path,) = (tmp_path / "out").glob("gpu_*_cpu_tiny.json")
    written = json.loads(path.read_text())
    assert written["about"]["card"]["name"] == "cpu" and written["about"]["versions"]["torch"]
    rows = written["rows"]
    assert {row["part"] for row in rows} == {4} and not any(row.get("error") for row in rows)
    measured = [row for row in rows if not row.get("skipped")]
    assert len(measured) == 4
    for row in measured:
        assert row["dynamic_vram"] is False
        for name, number in row["numbers"].items():
            if number is None:
                assert row["why_null"][name]
            else:
                assert math.isfinite(number) and number > 0, name
    calls = {row["name"]: row["numbers"]["unet_calls_a_step"] for row in measured if "cfg" in row["name"]}
    assert calls["cfg 7.5 in two calls"] == 2 * calls["cfg 7.5"] == 2 * calls["cfg 1"]
    assert "two calls where less is free" in path.with_suffix(".md").read_text()


def test_every_process_of_the_list_has_its_function():
    for process in (process for part in PARTS for process in part.processes):
        module, function = process.measure.split(".")
        assert f"\ndef {function}(bench: Bench" in (PACK / "benchmarks" / "gpu" / f"{module}.py").read_text()


def test_a_process_that_fails_leaves_its_error_and_the_next_one_runs(runner):
    part = Part(1, "", (Process("broken", "card.nothing", HERE), Process("elsewhere", "card.describe", needs="cuda")))
    (broken,), (elsewhere,) = runner.run(part)
    assert "nothing" in broken["error"] and broken["part"] == 1
    assert elsewhere["skipped"] == "only a GPU has that"


def test_what_takes_too_long_ends_with_all_that_it_started(tmp_path):
    with (tmp_path / "log").open("w") as log:
        assert run_group(["bash", "-c", "sleep 77.123 & wait"], log, 1) is None
    assert "sleep 77.123" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout


def test_flags_that_leave_a_part_of_the_card(tmp_path):
    runner = Runner(comfyui=tmp_path, work=tmp_path, stem=tmp_path, card=CARD | {"memory_gib": 79.5}, tiny=True)
    assert [runner.flag(flag) for flag in ("--reserve-vram", "all but 8")] == ["--reserve-vram", "71.50"]


def test_rows_stay_when_a_later_run_measures_other_parts(tmp_path):
    row = {"process": "a", "name": "b", "dynamic_vram": None}
    for part, number in ((3, 1.0), (2, 2.0), (3, 3.0)):
        results = Results(tmp_path, CARD, True, "a command")
        results.begin(Part(part, "", ()))
        results.add([row | {"part": part, "numbers": {"c": number}}], PARTS)
    assert [(row["part"], row["numbers"]["c"]) for row in json.loads(results.json.read_text())["rows"]] == [
        (2, 2.0),
        (3, 3.0),
    ]
    assert "| a | b | 3 |" in results.markdown.read_text()


def test_a_null_needs_a_reason(tmp_path):
    write(iter([("x", {"card_gib": None})]), tmp_path / "rows", None)
    assert json.loads((tmp_path / "rows").read_text())["why_null"] == {"card_gib": "there is no card"}
    with pytest.raises(KeyError):
        write(iter([("x", {"seconds_a_step": None})]), tmp_path / "rows", None)


def event(category: str, name: str, begin: float, duration: float) -> dict:
    return {"cat": category, "name": name, "ts": begin, "dur": duration}


def test_gaps_are_named_by_the_code_that_ran_in_them():
    events = [
        event("kernel", "gemm", 0, 100), event("kernel", "norm", 90, 110),  # two streams, busy to 200
        event("gpu_memcpy", "to the CPU", 500, 100), event("kernel", "gemm", 610, 390),
        event("python_function", "/somewhere/magicanimate_core/host/control.py(9): run", 150, 800),
        event("python_function", "/somewhere/comfy/utils.py(5): upscale", 210, 280),
        event("python_function", "/somewhere/torch/nn/functional.py(1): pad", 220, 260),
        event("cpu_op", "aten::index", 230, 100),
    ]  # fmt: skip
    whole, place = waits(events, windows=2)
    assert whole[1] == {"idle_share": 0.31, "idle_ms_a_window": 0.155, "seconds": 0.001, "windows": 2}
    assert place == ("comfy/utils.py(5): upscale", {"idle_ms_a_window": 0.15, "gaps_a_window": 0.5})


def test_without_a_card_nothing_waits():
    (row,) = waits([event("cpu_op", "aten::mm", 0, 1)], windows=2)
    assert set(row[1].values()) == {None}
