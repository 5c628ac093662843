"""`python -m magicanimate_core ablate CONFIG --out DIR`: the rows of the paper's Table 2 on a set, in its layout."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..disk import open_folder
from ..options import Settings
from .ablation.cases import AblationCase, write_set
from .ablation.config import CAPTIONED_CONFIG, Ablation, read_ablation
from .ablation.layout import INTERVALS, markdown, write_tables
from .ablation.making import check_models_there, make_rows
from .ablation.measuring import MeasuredRow, differences, measure_row
from .ablation.rows import AblationRow
from .ablation.tables import ACROSS_WINDOWS, WHOLE_METHOD
from .printing import Print
from .workers import choose_device, choose_dtype, workers_on

DESCRIPTION = """Makes the rows of the paper's ablation on a set of videos, measures them, prints them in the paper's layout.

Every row is `animate` with something that differs: an option, or models that were trained otherwise. What was made is not
made again: the same command goes on where it stopped, and new rows come to those that are there.
"""
EPILOG = """examples:
  python -m magicanimate_core ablate --options > my.yaml      (a config with every name, explained)
  python -m magicanimate_core ablate my.yaml --out runs/ablation

DIR gets ablation.md, ablation.csv and ablation.json; set/ the photos, pose videos and true frames; rows/NAME the videos of a
row, without loss; measured/NAME what `evaluate` says of them, with its report.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="models, set, options and rows; --options shows one")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--device", help="for example cuda:1; default: the accelerator, else the CPU")
    parser.add_argument("--dtype", choices=["fp32", "fp16", "bf16"], help="default: fp16 on an accelerator, fp32 on the CPU")
    parser.add_argument(
        "--options", action=Print, nargs=0, const=CAPTIONED_CONFIG.read_text, help="print a config with every name explained"
    )


def main(options: argparse.Namespace) -> None:
    """Makes, measures, writes and prints. Raises ValueError or OSError for what cannot be used, before any heavy work."""
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise ValueError("ablate runs as one process: start it without torchrun.")
    ablation = read_ablation(options.config)
    device = choose_device(options.device)
    check_models_there(ablation.rows)
    open_folder(options.out)
    cases = write_set(ablation.data, ablation.rows[0].settings, options.out / "set")
    rows, idle = seen_rows(ablation.rows, cases)
    with workers_on(device):
        folders = make_rows(rows, cases, options.out / "rows", device, choose_dtype(options.dtype, device))
        measured = {
            name: measure_row(
                folder, cases, device, networks=ablation.networks, size=ablation.size, out=options.out / "measured" / name
            )
            for name, folder in folders.items()
        }
    print(conclude(options.out, ablation, rows, cases, measured, {**ablation.left_out, **idle}))


def seen_rows(rows: Sequence[AblationRow], cases: Sequence[AblationCase]) -> tuple[list[AblationRow], dict[str, str]]:
    """Returns the rows that can differ from ours on this set, and why the others cannot."""
    ours, longest = next(row for row in rows if row.name == WHOLE_METHOD), max(case.frames for case in cases)
    length = ours.settings.context_length
    if longest > length:
        return list(rows), {}
    why = f"no clip is longer than one window ({length} frames), so there is nothing between windows to compare."

    def is_idle(row: AblationRow) -> bool:
        same = (row.models, row.animator) == (ours.models, ours.animator)
        return bool(row.differs) and same and set(row.differs) <= set(ACROSS_WINDOWS)

    idle = [row.name for row in rows if is_idle(row)]
    return [row for row in rows if row.name not in idle], dict.fromkeys(idle, why)


def conclude(
    out: Path, ablation: Ablation, rows: Sequence[AblationRow], cases: Sequence[AblationCase],
    measured: dict[str, MeasuredRow], left_out: dict[str, str],
) -> str:  # fmt: skip
    """Writes the tables and returns them as they are printed. Raises OSError."""
    apart = differences(measured)
    about = [
        f"{len(cases)} videos, {sum(case.frames for case in cases)} frames of `{ablation.data.clips}`. {INTERVALS}",
        f"Options of all rows that are not the defaults: {_named(_changed(ablation)) or 'none'}.",
    ]
    text = markdown(measured, apart, left_out, about)
    record: dict[str, Any] = {
        "data": vars(ablation.data),
        "options": _changed(ablation),
        "videos": len(cases),
        "rows": {
            row.name: {
                "differs": dict(row.differs),
                "method": row.animator.method,
                "models": {name: str(value) for name, value in vars(row.models).items() if value},
                "beside_ours": apart[row.name],
            } | measured[row.name].results
            for row in rows
        },
        "left_out": left_out,
    }  # fmt: skip
    paths = write_tables(out, text, measured, record)
    return "\n".join([text, *(f"wrote {path}" for path in paths)])


def _named(options: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in options.items())


def _changed(ablation: Ablation) -> dict[str, Any]:
    """The options of all rows that differ from the published ones."""
    return {o.name: v for o in fields(Settings) if (v := getattr(ablation.common, o.name)) != o.default}
