"""How near a distilled demo model comes to its teacher, and both to the truth: held-out dancers, as in demo_quality.py.

    python -m magicanimate_core train demo/distil.yaml --stage distil --start demo/weights --out runs/distil
    python -m benchmarks.distil [--student runs/distil/distil/export] [--teacher demo/weights] [--dancers 8]

`from teacher` is the mean L1 distance (0..255) between the frames of a row and those of the teacher with all its steps and
guidance, from the same noise, over the same region as `person`: what distillation makes small. `person` and `change` compare
with the true frames. `detail` is the mean L1 distance between neighbours in a row of pixels: what is blurred has less.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from magicanimate_core.evaluation.metrics import change_l1, person_l1
from magicanimate_core.options import Settings
from magicanimate_core.pipeline.animate import animate

from .demo_quality import SIZE, held_out, load
from .report import table


class Row(NamedTuple):
    """Weights, and how they are sampled."""

    weights: Path
    steps: int
    cfg: float

    @property
    def settings(self) -> Settings:
        """Returns the options of an animation."""
        return Settings(steps=self.steps, cfg=self.cfg, scheduler="trailing")


def errors(rows: dict[str, Row], dancers: int, frames: int, size: int) -> dict[str, np.ndarray]:
    """Returns person, change, distance from the first row's frames and detail for every dancer, (dancers, 4), by row."""
    models = {row.weights: load(row.weights, temporal=True) for row in rows.values()}
    found: dict[str, list] = {name: [] for name in rows}
    for index in range(dancers):
        case, first = held_out(index, frames, size), None
        for name, row in rows.items():
            made = animate(models[row.weights], case.reference, case.poses, row.settings)
            first = made if first is None else first
            distances = person_l1(made, case.frames, case.region), change_l1(made, case.frames)
            detail = np.abs(np.diff(made.astype(float), axis=2)).mean()
            found[name].append((*distances, person_l1(made, first, case.region), detail))
        print(f"{index + 1} of {dancers}", flush=True)
    return {name: np.array(of_row) for name, of_row in found.items()}


def spread(name: str, values: np.ndarray) -> list[str]:
    """Returns a row of the table: mean and standard deviation over the dancers of values (dancers, 4)."""
    return [name, *(f"{mean:.2f} ± {std:.2f}" for mean, std in zip(values.mean(0), values.std(0), strict=True))]


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, default=Path("demo/weights"))
    parser.add_argument("--student", type=Path, default=Path("runs/distil/distil/export"))
    parser.add_argument("--dancers", type=int, default=8)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--steps", type=int, nargs="+", default=[4], help="of the student, and of the teacher beside it")
    parser.add_argument("--teacher-steps", type=int, default=25)
    parser.add_argument("--cfg", type=float, default=1.5, help="of the teacher")
    options = parser.parse_args()
    teacher = Row(options.teacher, options.teacher_steps, options.cfg)
    rows = {f"teacher, {teacher.steps} steps, cfg {teacher.cfg:g}": teacher}
    for steps in options.steps:
        rows[f"not distilled, {steps} steps, cfg 1"] = Row(options.teacher, steps, 1.0)
        rows[f"distilled, {steps} steps, cfg 1"] = Row(options.student, steps, 1.0)
    found = errors(rows, options.dancers, options.frames, options.size)
    print(table(["", "person L1", "change error", "from teacher", "detail"], [spread(*row) for row in found.items()]))


if __name__ == "__main__":
    main()
