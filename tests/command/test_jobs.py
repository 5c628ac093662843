"""Many jobs: each line of a job file is known before any work, nothing is overwritten, a bad one does not end the others."""

import json
from pathlib import Path

import pytest
from pack.magicanimate_core.command import cli


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"steps": "8"}, "line 2 of the job file: steps is '8'; expected a whole number"),
        ({"prompt": 5}, "line 2 of the job file has prompt 5; expected str"),
        ({"step": 8}, "line 2 of the job file has an unknown option: step"),
        ({"pose": None}, "line 2 of the job file is no object with reference, pose and out"),
    ],
)
def test_a_line_that_is_no_job_is_named(files, tmp_path, capsys, entry, words):
    job = {"reference": str(files.photo), "pose": str(files.clip), "out": str(tmp_path / "out.mp4")}
    (tmp_path / "jobs.jsonl").write_text(f"{json.dumps(job)}\n{json.dumps(job | entry)}\n")
    assert cli.main(["animate", "--jobs", str(tmp_path / "jobs.jsonl"), "--base", str(files.base)]) == 2
    assert words in capsys.readouterr().err and not (tmp_path / "out.mp4").exists()


def outputs(files, folder, *names):
    """A job file with these outputs, written as some editors do, with a byte order mark."""
    lines = [
        json.dumps({"reference": str(files.photo), "pose": str(files.clip), "out": str(folder / name)}) for name in names
    ]
    (folder / "jobs.jsonl").write_text("\n".join(lines), "utf-8-sig")
    models = ["--base", str(files.base), "--magicanimate", str(files.magicanimate), "--device", "cpu", "--steps", "1"]
    return ["animate", "--jobs", str(folder / "jobs.jsonl"), *models]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.mp4", "b/../a.mp4"], "two jobs write"),
        (["a.mp4", "a.m4v"], "two jobs write"),
        (["a.avi"], "a.avi; expected the name of an MP4 video, for example a.mp4"),
        (["folder.mp4"], "folder.mp4, which is a folder"),
        (["jobs.jsonl/a.mp4"], "nothing can be written to"),
        (["dance.mp4"], "dance.mp4 is also an input"),
    ],
)
def test_nothing_is_overwritten_and_no_work_begins_for_nothing(files, tmp_path, capsys, names, words):
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "dance.mp4").write_bytes(files.clip.read_bytes())
    command = outputs(files, tmp_path, *names)
    if names == ["dance.mp4"]:
        command[2] = str(tmp_path / "in_place.jsonl")
        job = {"reference": str(files.photo), "pose": str(tmp_path / "dance.mp4"), "out": str(tmp_path / "dance.mp4")}
        Path(command[2]).write_text(json.dumps(job))
    assert cli.main(command) == 2 and words in capsys.readouterr().err
    assert not (tmp_path / "a.mp4").exists() and (tmp_path / "dance.mp4").read_bytes() == files.clip.read_bytes()


def test_a_video_in_a_folder_that_takes_no_files_is_not_begun(files, tmp_path, capsys, monkeypatch):
    (tmp_path / "a.mp4").write_bytes(b"an earlier one")
    monkeypatch.setattr("os.access", lambda path, mode: Path(path).is_file())  # root may write everywhere
    assert cli.main(outputs(files, tmp_path, "a.mp4")) == 2
    assert f"nothing can be written to {tmp_path}" in capsys.readouterr().err


def test_a_bad_job_does_not_end_the_others(files, tmp_path, capsys):
    (tmp_path / "torn.mp4").write_bytes(files.clip.read_bytes()[:400])
    command = outputs(files, tmp_path, "a.mp4", "b.mp4", "c.mp4")
    lines = (tmp_path / "jobs.jsonl").read_text("utf-8-sig").splitlines()
    torn = json.dumps(json.loads(lines[1]) | {"pose": str(tmp_path / "torn.mp4")})
    (tmp_path / "jobs.jsonl").write_text("\n".join([lines[0], torn, lines[2]]))
    assert cli.main(command) == 2
    assert sorted(path.name for path in tmp_path.glob("[abc].mp4")) == ["a.mp4", "c.mp4"]
    assert "1 of 3 jobs failed. b.mp4: torn.mp4" in capsys.readouterr().err


def test_notes_of_other_systems_are_no_photos(files, tmp_path):
    for name in ("ann.png", "._ann.png"):
        (tmp_path / name).write_bytes(files.photo.read_bytes())
    command = files.command(tmp_path / "out", "--steps", "1")
    command[command.index("--reference") + 1] = str(tmp_path)
    assert cli.main(command) == 0 and [p.name for p in (tmp_path / "out").iterdir()] == ["ann_densepose.mp4"]


def test_several_videos_need_a_folder(files, tmp_path, capsys):
    command = files.command(tmp_path / "all.mp4", "--reference", str(files.photo), str(files.photo))
    assert cli.main(command) == 2 and "there are 2 videos to write; name a folder" in capsys.readouterr().err
