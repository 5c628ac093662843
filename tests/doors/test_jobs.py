"""Jobs at the door of the command line."""

import argparse
import sys
from pathlib import Path

import pytest
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.command.animate import read_jobs
from pack.magicanimate_core.command.job import check_jobs
from pack.tests.doors.jobs import ORDERS, furnish
from pack.tests.doors.odd_photos import PICTURE, box, encoded, with_alpha
from pack.tests.doors.table import Case, Refused, cases, passes


def ordered(arguments: list[str]) -> list:
    """The jobs of a command line, as they are before models are loaded."""
    options: argparse.Namespace = cli.parser("animate").parse_args(["animate", "--base", "sd15", *arguments])
    jobs = read_jobs(options)
    check_jobs(jobs)
    return jobs


@cases(*ORDERS)
def test_what_is_ordered(case, tmp_path):
    furnish(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    arguments = case.brings(tmp_path)
    passes(case, lambda: ordered(arguments))
    assert {path.name for path in tmp_path.rglob("*")} <= {path.name for path in before} | {"jobs.jsonl"}


def typed(photo: bytes, *words: str):
    """A command line with this photo. DIR stands for its folder."""

    def bring(folder: Path) -> list[str]:
        (folder / "me.png").write_bytes(photo)
        paths = ["--reference", "DIR/me.png", "--pose", "DIR/dance.mp4", "--out", "DIR/out"]
        return [word.replace("DIR", str(folder)) for word in (*paths, *words)]

    return bring


GOOD = encoded(PICTURE)
UNREAD = [
    Case("HEIC", typed(box(b"heic")), Refused("me.png cannot be read as an image .it is HEIC; save it as JPEG or PNG")),
    Case("a photo with nothing behind it", typed(encoded(with_alpha(0))), Refused("me.png has an alpha channel")),
    Case("a pose video that is a photo", typed(b"a photo", "--pose", "DIR/me.png"), Refused("me.png cannot be read")),
    Case("photos of which none can be read", typed(b"", "--reference", "DIR/photos"), Refused(
        "3 of 3 jobs failed. .*me.jpg cannot be read")),
    Case("a device of another machine", typed(GOOD, "--device", "cuda:99"), Refused("device cuda:99 cannot be used here")),
    Case("a device that is none", typed(GOOD, "--device", "gpu"), Refused("device gpu cannot be used here")),
    Case("a device that computes nothing", typed(GOOD, "--device", "meta"), Refused("device meta computes nothing")),
    Case("no folder of models", typed(GOOD, "--magicanimate", "DIR/none"), Refused("download zcxu-eric/MagicAnimate")),
    Case("no base model", typed(GOOD, "--base", "DIR/none"), Refused("none does not exist")),
    Case("steps between states below none", typed(GOOD, "--save-every", "-1"), Refused("save_every is -1")),
]  # fmt: skip


@cases(*UNREAD)
def test_nothing_is_loaded_for_nothing(case, files, tmp_path, monkeypatch):
    furnish(tmp_path)
    (tmp_path / "dance.mp4").write_bytes(files.clip.read_bytes())
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr("pack.magicanimate_core.pipeline.models.load_models", lambda *_: pytest.fail("models are loaded"))
    models = ["--base", str(files.base), "--magicanimate", str(files.magicanimate)]
    options = cli.parser("animate").parse_args(["animate", *models, *case.brings(tmp_path)])
    passes(case, lambda: options.run(options))
