"""What people write into a job file or on the command line, and what it must become before any work: jobs, or a sentence."""

import codecs
import json
from pathlib import Path

from .table import Case, Refused

ZURICH = "a dancer in Zürich"


def entry(folder: Path, **changes) -> dict:
    """A job as it should be, with changes; None leaves a name out."""
    job = {"reference": str(folder / "me.png"), "pose": str(folder / "dance.mp4"), "out": str(folder / "me.mp4"), **changes}
    return {name: value for name, value in job.items() if value is not None}


def written(folder: Path, data: str | bytes) -> list[str]:
    path = folder / "jobs.jsonl"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return ["--jobs", str(path)]


def job(**changes):
    """A job file with one job, in the second line."""
    return lambda folder: written(folder, f"{json.dumps(entry(folder, out=str(folder / 'first.mp4')))}\n"
                                          f"{json.dumps(entry(folder, **changes))}\n")  # fmt: skip


def text(words: str):
    """A job file with these words; ENTRY stands for a job without its braces."""
    return lambda folder: written(folder, words.replace("ENTRY", json.dumps(entry(folder))[1:-1]))


def encoded(encoding: str, mark: bytes = b"", prompt: str = ZURICH):
    """A job file in another encoding."""
    return lambda d: written(d, mark + json.dumps(entry(d, prompt=prompt), ensure_ascii=False).encode(encoding))


def outs(*names: str):
    """A job file with jobs of these outputs."""
    return lambda folder: written(folder, "\n".join(json.dumps(entry(folder, out=str(folder / name))) for name in names))


def typed(*words: str):
    """Words of a command line; DIR stands for the folder."""
    return lambda folder: [word.replace("DIR", str(folder)) for word in words]


def reads(count: int, **values):
    """So many jobs, the last with these values."""

    def check(jobs: list) -> None:
        found = {name: getattr(jobs[-1], name, None) or getattr(jobs[-1].settings, name, None) for name in values}
        assert len(jobs) == count and found == values

    return check


SECOND = "line 2 of the job file"
GOOD = ["--reference", "DIR/me.png", "--pose", "DIR/dance.mp4"]

JOB_FILES = [
    Case("one job", text("{ENTRY}"), reads(1)),
    Case("options", job(seed=7, cfg=5, fit="pad", shared_noise=False, side_by_side=True), reads(
        2, seed=7, cfg=5, fit="pad", side_by_side=True)),
    Case("a byte order mark", text("\ufeff{ENTRY}"), reads(1)),
    Case("lines as Windows ends them, and empty ones", text("\r\n{ENTRY}\r\n\r\n  \r\n"), reads(1)),
    Case("lines as old Macs ended them", lambda d: written(d, "\r".join(
        json.dumps(entry(d, out=str(d / f"{i}.mp4"))) for i in "ab")), reads(2)),
    Case("UTF-16, as PowerShell writes it", encoded("utf-16-le", codecs.BOM_UTF16_LE), reads(1, prompt=ZURICH)),
    Case("UTF-16 of the other order", encoded("utf-16-be", codecs.BOM_UTF16_BE), reads(1, prompt=ZURICH)),
    Case("a prompt with a separator that is no end of a line", encoded("utf-8", prompt="a\u2028b\x85c"), reads(
        1, prompt="a\u2028b\x85c")),
    Case("UTF-16 without a mark", encoded("utf-16-le"), Refused("jobs.jsonl is no text in UTF-8.*save it as UTF-8")),
    Case("a code page of Windows", encoded("cp1252"), Refused("jobs.jsonl is no text in UTF-8.*save it as UTF-8")),
    Case("nothing", text(""), Refused("jobs.jsonl holds no jobs")),
    Case("only empty lines", text("\n \n"), Refused("jobs.jsonl holds no jobs")),
    Case("no file", typed("--jobs", "DIR/none.jsonl"), Refused("none.jsonl does not exist")),
    Case("a folder", typed("--jobs", "DIR"), Refused("is a folder; expected a file of JSON lines")),
    Case("a remark", text("# my jobs\n{ENTRY}"), Refused("line 1 of the job file is no object")),
    Case("half a line", text("{ENTRY}\n{ENTRY"), Refused(f"{SECOND} is no object with reference, pose and out")),
    Case("a list of jobs", text("[{ENTRY}]"), Refused("line 1 of the job file is no object.*a list")),
    Case("a job over several lines", text("{\nENTRY\n}"), Refused("line 1 of the job file is no object")),
    Case("a number", text("{ENTRY}\n7"), Refused(f"{SECOND} is no object")),
    Case("an option twice", text('{ENTRY, "seed": 1, "seed": 2}'), Refused("line 1.*seed stands twice")),
    Case("NaN", text('{ENTRY, "cfg": NaN}'), Refused("line 1.*NaN is no number")),
    Case("infinity", text('{ENTRY, "cfg": -Infinity}'), Refused("line 1.*-Infinity is no number")),
    Case("a number that is far too large", text('{ENTRY, "cfg": 1e999}'), Refused("cfg is inf; expected 0 to 100")),
]  # fmt: skip

WRONG = (
    ("steps", "8", "'8'; expected a whole number"),
    ("steps", 8.0, "8.0; expected a whole number"),
    ("steps", True, "True; expected a whole number"),
    ("steps", [8], r"\[8\]; expected a whole number"),
    ("steps", 0, "0; expected 1 to"),
    ("seed", -1, "-1; expected 0 to"),
    ("seed", 2**64, ".*expected 0 to"),
    ("cfg", "7.5", "'7.5'; expected a number"),
    ("cfg", False, "False; expected a number"),
    ("cfg", 101, "101; expected 0"),
    ("pose_strength", {}, "{}; expected a number"),
    ("shared_noise", 1, "1; expected true or false"),
    ("shared_noise", "false", "'false'; expected true or false"),
    ("fit", 1, "1; expected a word"),
    ("width", 60, "60; expected a multiple of 8"),
    ("height", 100000, "100000; expected 0 to"),
    ("context_overlap", 16, ".*smaller than context_length"),
    ("prompt", 5, "5; expected str"),
    ("negative", ["a"], r"\['a'\]; expected str"),
    ("side_by_side", 1, "1; expected bool"),
    ("side_by_side", "yes", "'yes'; expected bool"),
)
VALUES = [
    *(Case(f"no {name}", job(**{name: None}), Refused(f"{SECOND} is no object with reference, pose and out"))
      for name in ("reference", "pose", "out")),
    *(Case(f"a {name} that is no path", job(**{name: 5}), Refused(f"{SECOND} is no object with reference, pose and out"))
      for name in ("reference", "pose", "out")),
    Case("a list of photos", job(reference=["a.png", "b.png"]), Refused(f"{SECOND} is no object with reference")),
    Case("an unknown option", job(step=8), Refused(f"{SECOND} has an unknown option: step")),
    Case("an option in hyphens", job(**{"context-length": 8}), Refused(f"{SECOND} has an unknown option: context-length")),
    Case("the command's own options are none of a job", job(resume=True), Refused("has an unknown option: resume")),
    Case("an unknown fit", job(fit="cover"), Refused(f"{SECOND}: fit is cover; expected one of crop, stretch, pad")),
    Case("an unknown schedule", job(context_schedule="uniform"), Refused("context_schedule is uniform; expected one of")),
    Case("a sampler of the host", job(sampler_name="euler"), Refused("sampler_name is euler; expected one of ddim")),
    *(Case(f"{name} is {value!r}", job(**{name: value}), Refused(f"{SECOND}.*{name} (is )?{words}"))
      for name, value, words in WRONG),
]  # fmt: skip

PLACES = [
    Case("a photo that is not there", job(reference="none.png"), Refused("reference image none.png does not exist")),
    Case("a photo without a name", job(reference=""), Refused("reference image . is a folder; expected a file")),
    Case("a folder as pose video", lambda d: job(pose=str(d))(d), Refused("pose video .* is a folder; expected a file")),
    Case("a path that no file can have", job(pose="a\0b.mp4"), Refused("pose video .* does not exist")),
    Case("an ending that is none of ours", outs("me.avi"), Refused("me.avi; expected the name of an MP4 video.*me.mp4")),
    Case("an output without an ending", outs("me"), Refused("expected the name of an MP4 video")),
    Case("an output that is a folder", outs("there.mp4"), Refused("there.mp4, which is a folder")),
    Case("an output in a file", outs("me.png/me.mp4"), Refused("nothing can be written to .*me.png")),
    Case("an output in what another job writes", outs("a.mp4", "a.mp4/b.mp4"), Refused("a.mp4 is a file of another job")),
    Case("an output with a zero in its name", outs("a\0b.mp4"), Refused("takes no file of that name")),
    Case("a name too long for what is written beside it", outs("x" * 240 + ".mp4"), Refused("takes no file of that name")),
    Case("a name too long for anything", outs("x" * 400 + ".mp4"), Refused("takes no file of that name")),
    Case("two jobs of one output", outs("a.mp4", "a.mp4"), Refused("two jobs write")),
    Case("two jobs of one output, spelled otherwise", outs("a.mp4", "there.mp4/../a.mp4"), Refused("two jobs write")),
    Case("two jobs of one name but for the ending", outs("a.mp4", "a.m4v"), Refused("two jobs write")),
    Case("two jobs of one output through a link", outs("a.mp4", "link/a.mp4"), Refused("two jobs write")),
    Case("an output that is an input", outs("dance.mp4"), Refused("dance.mp4 is also an input")),
    Case("an output that is an input through a link", outs("link/dance.mp4"), Refused("dance.mp4 is also an input")),
    Case("an output in a folder to come", outs("new/newer/me.mp4"), reads(1)),
    Case("an ending in capitals", outs("ME.MP4"), reads(1)),
]  # fmt: skip

TYPED = [
    Case("a photo and a video", typed(*GOOD, "--out", "DIR/me.mp4", "--seed", "7"), reads(1, seed=7)),
    Case("nothing", typed(), Refused("Give --reference, --pose and --out, or --jobs")),
    Case("a job file and more", lambda d: [*written(d, json.dumps(entry(d))), "--out", "x.mp4"], Refused("leave out --ref")),
    Case("several videos and one name", typed(*GOOD[:2], "DIR/you.jpg", *GOOD[2:], "--out", "DIR/a.mp4"), Refused(
        "there are 2 videos to write; name a folder")),
    Case("a folder of photos of phones, and hidden notes", typed("--reference", "DIR/photos", *GOOD[2:], "--out", "DIR/o"),
         reads(3)),
    Case("photos of one name", typed("--reference", "DIR/me.png", "DIR/photos/me.jpg", *GOOD[2:], "--out", "DIR/o"), Refused(
        "two jobs write")),
    Case("a folder without photos", typed("--reference", "DIR/there.mp4", *GOOD[2:], "--out", "DIR/o"), Refused(
        "holds no .png")),
    Case("results among the pose videos", typed(*GOOD[:2], "--pose", "DIR/clips", "--out", "DIR/clips"), Refused(
        "is the folder of pose videos")),
]  # fmt: skip
ORDERS = [*JOB_FILES, *VALUES, *PLACES, *TYPED]


def furnish(folder: Path) -> None:
    """The files that the orders name, with nothing in them: what is in them is looked at later."""
    for name in ("there.mp4", "photos", "clips"):
        (folder / name).mkdir()
    for name in ("me.png", "you.jpg", "dance.mp4", "clips/a.mp4", "photos/me.jpg", "photos/IMG_1.HEIC", "photos/b.tif"):
        (folder / name).touch()
    for name in ("photos/._me.jpg", "photos/notes.txt"):
        (folder / name).touch()
    (folder / "link").symlink_to(folder)
