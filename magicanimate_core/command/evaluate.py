"""`python -m magicanimate_core evaluate`: generated videos against true ones, in the numbers that papers print."""

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from ..disk import open_folder, whole, writing
from ..evaluation.citation import citation
from ..evaluation.distances import SAMPLE_LAYOUTS
from ..evaluation.pairs import ClipPair
from ..evaluation.people import PEOPLE_METRICS
from ..evaluation.planning import Request, plan
from ..evaluation.report.page import write_report
from ..evaluation.results import Curves, Results, as_json, write_csv, write_json
from ..evaluation.run import evaluate
from .workers import choose_device

DESCRIPTION = """Compares generated videos with true ones.

GENERATED and TRUE are folders of videos (NAME.mp4), of folders of frames (NAME/0001.png, or NAME/images/0001.png), or of
flat frames (NAME_0001.png). Videos are compared by their names, frames by their numbers; those of video files by their
order. Frames are taken as they are; published numbers are of true frames at 256x256: --size 256, unless they have it.
A metric that cannot be computed is named, with what it needs, and the others are.
"""
EPILOG = """Keys with `disco` are what the published code computes, beside what the metric's name promises.
docs/evaluation.md says how they differ; docs/baseline_kit.md how to get a row that can be cited.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("generated", metavar="GENERATED", type=Path, help="the videos that were made")
    parser.add_argument("true", metavar="TRUE", type=Path, help="the videos that they should be")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="metrics.json, metrics.csv, row.md, report.html go here"
    )
    parser.add_argument("--metrics", metavar="NAMES", help="for example l1,psnr,fvd (all that can be computed)")
    parser.add_argument("--networks", metavar="DIR", type=Path, help="the networks' files, under their published names")
    parser.add_argument("--device", help="for example cuda:1; default: the accelerator, else the CPU")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap over videos that gives the intervals (0)")
    made = "how the videos were made, for whoever cites the numbers (docs/baseline_kit.md)"
    _add_citation(parser.add_argument_group(made))
    _add_frames(parser.add_argument_group("which frames"))
    _add_people(parser.add_argument_group("people, from tables instead of networks (docs/evaluation.md)"))


def _add_citation(cited: argparse._ArgumentGroup) -> None:
    """Adds what goes into the provenance."""
    cited.add_argument(
        "--made-with", nargs="+", type=Path, default=[], metavar="FILE", help="checkpoints, nets, job files: by hash"
    )
    cited.add_argument(
        "--note", action="append", default=[], metavar="WORDS", help="seed, extractor, options; several times"
    )


def _add_frames(frames: argparse._ArgumentGroup) -> None:
    """Adds which frames are compared, and at what size."""
    frames.add_argument(
        "--size", type=int, default=0, metavar="N",
        help="bring true frames to NxN: largest centred square, bilinear, antialiased; 0: as they are (0)",
    )  # fmt: skip
    frames.add_argument(
        "--generated-size", type=int, default=0, metavar="N",
        help="the same for generated frames; as they are, those of another size than the true ones are scaled for L1, PSNR "
        "and SSIM as published, and LPIPS is left out (0)",
    )  # fmt: skip
    frames.add_argument("--common", action="store_true", help="compare only videos and frames that both sides have")
    frames.add_argument(
        "--masks", metavar="DIR", type=Path, help="white on the foreground of TRUE, in the same forms and names"
    )
    frames.add_argument(
        "--layout", choices=SAMPLE_LAYOUTS, default=SAMPLE_LAYOUTS[0],
        help="samples of FID-VID and FVD: every window of 16 frames, or every video (frames)",
    )  # fmt: skip


def _add_people(people: argparse._ArgumentGroup) -> None:
    """Adds tables of joints and of identities."""
    tables = {"nargs": 2, "type": Path, "metavar": ("TRUE.npz", "GENERATED.npz"), "default": ()}
    people.add_argument("--joints", **tables, help="18 joints of every frame, for AKD and MKR")
    people.add_argument("--identities", **tables, help="an identity vector of every frame, for AED")


def main(options: argparse.Namespace) -> None:
    """Measures, writes and prints. Raises ValueError or OSError for what cannot be used, before any heavy work."""
    device = choose_device(options.device)
    planned = plan(_request(options))
    _open_out(options)
    _say_missing(planned.missing)
    said = set(planned.missing)
    results, curves = evaluate(planned, device)
    _say_missing({key: why for key, why in planned.missing.items() if key not in said})
    write(options.out, results, planned.pairs, curves)
    print(summary(results))


def _request(options: argparse.Namespace) -> Request:
    metrics = [name.strip() for name in (options.metrics or "").split(",") if name.strip()]
    if options.metrics is not None and not metrics:
        raise ValueError("--metrics is empty; expected names with commas between them, or nothing for all.")
    given = {option.name: getattr(options, option.name) for option in fields(Request)}
    return Request(**given | {"metrics": metrics})


def _open_out(options: argparse.Namespace) -> None:
    """Raises ValueError or OSError where OUT cannot be written to, or is a folder that is compared."""
    for folder in (options.generated, options.true, options.masks):
        if folder and folder.resolve() == options.out.resolve():
            raise ValueError(f"--out is {options.out}, which holds what is compared; give another folder.")
    open_folder(options.out)


def _say_missing(missing: Mapping[str, str]) -> None:
    """Prints why metrics are left out, a line for each reason."""
    for why in dict.fromkeys(missing.values()):
        print(f"without {', '.join(key for key in missing if missing[key] == why)}: {why}", file=sys.stderr, flush=True)


def write(out: Path, results: Results, pairs: Sequence[ClipPair] = (), curves: Curves | None = None) -> None:
    """Writes metrics.json, metrics.csv, row.md and report.html. pairs: whose frames the report shows. Raises OSError."""
    write_json(out / "metrics.json", results)
    write_csv(out / "metrics.csv", results)
    with writing(out / "row.md"), whole(out / "row.md") as part:
        part.write_text(citation(results), encoding="utf-8")
    named = {pair.made.name: pair for pair in pairs}

    def clips(name: str) -> tuple[Iterator[np.ndarray], Iterator[np.ndarray]]:
        return named[name].made.frames(), named[name].true.frames()

    write_report(out / "report.html", as_json(results), clips if named else None, curves)


def summary(results: Results) -> str:
    """Returns the numbers as lines."""
    lines = [
        f"{key:16} {_number(value)}{_interval(results['intervals'].get(key, {}))}"
        for key, value in results["overall"].items()
    ]
    for key, found in results["distances"].items():
        behind = f"({found['generated']} generated, {found['true']} true samples)"
        lines.append(f"{key:16} {_number(found['value'])}{_interval(found)}   {behind}")
    people = results.get("joints", {}) | results.get("identity", {})
    lines += [
        f"{key:16} {_number(people[key])}   ({people[f'{key}_frames']} frames)" for key in PEOPLE_METRICS if key in people
    ]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "not defined " if value is None or math.isnan(value) else f"{value:<12.6g}"


def _interval(found: Mapping[str, float]) -> str:
    return f"   {found['low']:.6g} to {found['high']:.6g}" if "low" in found else ""
