"""The `prepare` command: arguments, the run over all items, the report."""

import argparse
import json
from dataclasses import asdict, fields
from pathlib import Path

from ..data import BadItem, Source, open_source
from ..data.opening import DANCERS
from ..data.prepare.items import PrepareSettings, item_file_name, prepare_item
from ..data.prepare.writing import Folder, Shards
from ..disk import whole
from ..media.densepose import AUTO_FORM, OUR_FORM, POSE_FORMS
from ..media.images import FITS
from ..media.timing import DEFAULT_FPS

REPORT = "report.json"
DESCRIPTION = """Checks clips or pictures with their DensePose, and writes them in one size and frame rate for training.

IN is a folder of NAME/video.mp4 + NAME/densepose.mp4 (or folders of frames, NAME/video/*.png + NAME/densepose/*.png),
a folder of pictures NAME.png + NAME_densepose.png, WebDataset shards ("shards/{000..007}.tar"), or drawn dancers
("dancers:train?clips=20&frames=48"). What cannot be used is dropped, with the reason, in the table and in OUT/report.json.
The same command goes on where it was stopped; items that are done are not done again unless an option has changed.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", help="what to prepare")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder that is written to")
    parser.add_argument("--shards", type=int, metavar="N", help="write N WebDataset shards instead of folders")
    size = parser.add_argument_group("size and time")
    size.add_argument("--size", type=int, default=512, help="width and height, pixels, a multiple of 8 (512)")
    size.add_argument("--width", type=int, help="pixels, if not square")
    size.add_argument("--height", type=int, help="pixels, if not square")
    size.add_argument("--fit", choices=FITS, default="crop", help="how both streams are brought to the size (crop)")
    size.add_argument(
        "--fps", type=float, default=25.0, help="frames per second, by the frame nearest in time; 0: as they are (25)"
    )
    size.add_argument(
        "--frames-fps", type=float, default=DEFAULT_FPS, help="frame rate of clips that are folders of frames (25)"
    )
    size.add_argument("--min-frames", type=int, default=24, help="shorter clips are dropped, counted after --fps (24)")
    size.add_argument("--max-frames", type=int, help="of longer clips, the first so many are kept (all)")
    _add_colours(parser.add_argument_group("colours of the DensePose"))


def _add_colours(colours: argparse._ArgumentGroup) -> None:
    """Adds what colours the DensePose may come in, and what is done to them."""
    colours.add_argument(
        "--form", choices=(AUTO_FORM, *POSE_FORMS), default=OUR_FORM,
        help=f"the colours that the DensePose comes in; all but {OUR_FORM} are converted, as by Prepare Pose Video. auto: "
        f"each clip's own, recognised by a few frames ({OUR_FORM})",
    )  # fmt: skip
    colours.add_argument(
        "--palette-tolerance", type=float, default=0.5, metavar="SHARE",
        help="share of a figure's pixels that may have colours of no body part: seams of small, compressed clips "
        "come to 0.35, wrong colours to 0.9 and more (0.5)",
    )  # fmt: skip
    colours.add_argument(
        "--snap", action=argparse.BooleanOptionalAction, default=False,
        help="give every pixel its part's exact colour, stored without loss. Off by default: the clips that are animated "
        "later are blurred by a codec, too, and at seams snapping guesses. Colours that are exact already stay so.",
    )  # fmt: skip


def main(options: argparse.Namespace) -> int:
    """Prepares a data set; returns 0, or 1 where nothing was kept.

    Raises ValueError or OSError where the arguments or the folders are not usable.
    """
    settings = _settings(options)
    source, store = _open(options, settings)
    kept, dropped = run(source, store, settings)
    if isinstance(store, Shards):
        store.pack([record["name"] for record in kept])
    report = _report(options, settings, kept, dropped)
    print(_summary(report, options.out))
    return 0 if kept else 1


def _settings(options: argparse.Namespace) -> PrepareSettings:
    given = {option.name: getattr(options, option.name) for option in fields(PrepareSettings)}
    size = {name: given[name] or options.size for name in ("width", "height")}
    return PrepareSettings(**given | size)


def _open(options: argparse.Namespace, settings: PrepareSettings) -> tuple[Source, Folder]:
    """What is read, and where it is written. Raises ValueError for folders that cannot be used."""
    if options.shards is not None and options.shards < 1:
        raise ValueError(f"--shards is {options.shards}; expected 1 or more.")
    source = open_source(options.source, height=settings.height, width=settings.width, fps=options.frames_fps)
    if not options.source.startswith(DANCERS) and Path(options.source).resolve() == options.out.resolve():
        raise ValueError(f"OUT is IN ({options.out}); give another folder.")
    if not options.shards and len({pair.still for pair in getattr(source, "pairs", ())}) > 1:
        raise ValueError(f"{options.source} holds clips and pictures; give --shards N, which may hold both, too.")
    options.out.mkdir(parents=True, exist_ok=True)
    return source, Shards(options.out, options.shards) if options.shards else Folder(options.out)


def run(source: Source, store: Folder, settings: PrepareSettings) -> tuple[list[dict], list[dict]]:
    """Prepares all items; returns records of kept ones, names and reasons of dropped ones. Prints a row for each."""
    kept, dropped, names = [], [], {}
    for item in range(len(source)):
        original = source.name(item)
        name = item_file_name(original)
        try:
            if name in names:
                raise BadItem(original, f"would be written as {name}, as {names[name]} is; rename one.")
            names[name] = original
            kept.append(_prepared(source, item, settings, store, name))
        except BadItem as bad:
            dropped.append({"name": original, "reason": bad.reason})
            print(f"dropped  {bad}", flush=True)
    return kept, dropped


def _prepared(source: Source, item: int, settings: PrepareSettings, store: Folder, name: str) -> dict:
    """The record of an item that is in the store now. Raises BadItem, and then it is not."""
    record, how = store.record(name), "is done"
    if record is None or asdict(PrepareSettings()) | record["settings"] != asdict(settings):  # an older one lacks options
        store.remove(name)
        with store.writing(name) as folder:
            record, how = prepare_item(source, item, settings, folder), "kept"
    print(_row(how, record), flush=True)
    return record


def _row(how: str, record: dict) -> str:
    return f"{how:8} {record['source']['name']}: {_extent(record['source'])} -> {_extent(record)}"


def _extent(of: dict) -> str:
    width, height = of["size"]
    return f"{width}x{height}" + (f", {of['frames']} frames at {of['fps']:g} fps" if of["fps"] else "")


def _report(options: argparse.Namespace, settings: PrepareSettings, kept: list[dict], dropped: list[dict]) -> dict:
    report = {
        "source": options.source, "settings": asdict(settings), "shards": options.shards,
        "frames": sum(record["frames"] for record in kept), "size": [settings.width, settings.height],
        "kept": [{key: value for key, value in record.items() if key != "settings"} for record in kept], "dropped": dropped,
    }  # fmt: skip
    with whole(options.out / REPORT) as part:
        part.write_text(json.dumps(report, indent=1))
    return report


def _summary(report: dict, out: Path) -> str:
    kept, dropped = len(report["kept"]), len(report["dropped"])
    seconds = sum(record["frames"] / record["fps"] for record in report["kept"] if record["fps"])
    lines = [
        f"\nkept     {kept} of {kept + dropped}: {report['frames']} frames"
        + (f", {seconds:.1f} s" if seconds else "")
        + f", {report['size'][0]}x{report['size'][1]}, in {out}",
        *(f"dropped  {entry['name']} {entry['reason']}" for entry in report["dropped"]),
        f"report   {out / REPORT}",
    ]
    return "\n".join(lines)
