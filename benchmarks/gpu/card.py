"""What the card is and how fast it multiplies matrices:  python -m benchmarks.gpu.card ROWS  prints JSON."""

import json
import shutil
import subprocess
import sys
import time

import torch

DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}
CPU_DTYPES = {"fp32": torch.float32}


def describe(rows: int) -> dict:
    """Returns name, driver and memory of the card, and TFLOP/s of rows x rows products by dtype."""
    if not torch.cuda.is_available():
        rates = {name: matrix_rate(rows, dtype, "cpu") for name, dtype in CPU_DTYPES.items()}
        return {"name": "cpu", "driver": None, "memory_gib": None, "cuda": None, "matrix_tflops": rates}
    rates = {name: matrix_rate(rows, dtype, "cuda") for name, dtype in DTYPES.items()}
    card = torch.cuda.get_device_properties(0)
    memory = card.total_memory / 2**30
    return {
        "name": card.name,
        "driver": driver(),
        "memory_gib": memory,
        "cuda": torch.version.cuda,
        "matrix_tflops": rates,
    }


def driver() -> str | None:
    """Returns the driver's version, where nvidia-smi is there to tell."""
    if not shutil.which("nvidia-smi"):
        return None
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    lines = subprocess.run(query, capture_output=True, text=True).stdout.splitlines()
    return lines[0].strip() if lines else None


def matrix_rate(rows: int, dtype: torch.dtype, device: str, repeats: int = 20) -> float:
    """Returns TFLOP/s of a product of two matrices (rows, rows); the best of five rounds."""
    a, b = (torch.randn(rows, rows, device=device, dtype=dtype) for _ in range(2))  # (rows, rows)
    rounds = []
    for _ in range(6):  # the first one warms up
        begin = time.perf_counter()
        for _ in range(repeats):
            a @ b
        if device == "cuda":
            torch.cuda.synchronize()
        rounds.append(time.perf_counter() - begin)
    return 2 * rows**3 * repeats / min(rounds[1:]) / 1e12


if __name__ == "__main__":
    print(json.dumps(describe(int(sys.argv[1]))))
