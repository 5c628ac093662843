"""python -m magicanimate_core ablate, as a user types it: rows made once, measured as they are, in the paper's layout."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.data import DancerClips
from pack.magicanimate_core.evaluation.metrics import change_l1, person_l1
from pack.magicanimate_core.media.densepose import paint
from pack.magicanimate_core.media.reading import open_video
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.animate import animate
from pack.tests.data.writing import write_clip

FRAMES = 6  # windows of 4 that share 1: padded to 8, three windows
CLIPS = DancerClips(2, "held_out", FRAMES, 64, 64)
OPTIONS = {"steps": 1, "cfg": 1, "context_length": 4, "context_overlap": 1}
ROWS = ("ours", "no_temporal_attention", "no_fusion", "repeat", "warp")
NAMED = "{no_temporal_attention: , no_fusion: , repeat: {method: repeat}, warp: {method: warp}}"


def write_config(files, folder: Path, options=OPTIONS, rows=NAMED, **data):
    """A config with two drawn dancers; writes it as my.yaml."""
    given = {"clips": "dancers:held_out?clips=2&frames=6&size=64", **data}
    text = [
        f"models: {{base: {files.base}, magicanimate: {files.magicanimate}}}",
        f"data: {json.dumps(given)}",
        f"options: {json.dumps(options)}",
        *([f"rows: {rows}"] if rows else []),
    ]
    path = folder / "my.yaml"
    path.write_text("\n".join(text))
    return path


def run(config: Path, out: Path) -> int:
    return cli.main(["ablate", str(config), "--out", str(out), "--device", "cpu"])


def frames_of(path: Path) -> np.ndarray:
    video = open_video(path)
    return np.stack(list(video.decode(range(len(video)))))


@pytest.fixture(scope="module")
def made(files, tmp_path_factory):
    """A finished ablation; tests only look at it."""
    folder = tmp_path_factory.mktemp("ablation")
    assert run(write_config(files, folder), folder / "out") == 0
    return folder / "out"


def test_a_row_is_animate_to_the_pixel(made, models):
    """Photo, poses and truth are the source's, and nothing is lost on the way to what is measured."""
    for number, row, changes in ((0, "ours", {}), (1, "no_temporal_attention", {"temporal_attention": False})):
        sample, name = CLIPS.read(number, range(FRAMES)), CLIPS.name(number)
        frames = animate(models, CLIPS.apart(number).image, sample.poses, Settings(**OPTIONS, **changes))
        apart = np.abs(frames_of(made / "rows" / row / f"{name}.mp4").astype(int) - frames)
        assert apart.max() <= 1 and apart.mean() < 0.01  # another number of threads moves what is rounded
        assert np.array_equal(frames_of(made / "set" / "true" / f"{name}.mp4"), sample.images)


def test_baselines_are_rows(made):
    """With the photo's own DensePose, which is not one of the clip's."""
    for number in range(2):
        name, photo = CLIPS.name(number), CLIPS.apart(number)
        assert (frames_of(made / "rows" / "repeat" / f"{name}.mp4") == photo.image).all()
        poses = frames_of(made / "set" / "reference_pose" / f"{name}.png")
        assert np.array_equal(poses[0], paint(photo.parts)) and not np.array_equal(
            poses[0], CLIPS.read(number, [0]).poses[0]
        )
    record = json.loads((made / "ablation.json").read_text())["rows"]
    assert record["warp"]["method"] == "warp" and record["warp"]["overall"]["l1"] != record["repeat"]["overall"]["l1"]


def test_numbers_are_those_of_the_videos(made):
    """Means over frames of all videos; ours are the formulas of metrics.py; differences are of pairs."""
    record, found = json.loads((made / "ablation.json").read_text()), {}
    for row in ROWS:
        person, change, level = [], [], []
        for number in range(2):
            name = CLIPS.name(number)
            true, frames = (frames_of(made / place / f"{name}.mp4") for place in ("set/true", f"rows/{row}"))
            region = CLIPS.people(number, range(FRAMES)) | CLIPS.apart(number).mask
            person += [person_l1(frames[i : i + 1], true[i : i + 1], region[i : i + 1]) for i in range(FRAMES)]
            change += [change_l1(frames[i : i + 2], true[i : i + 2]) for i in range(FRAMES - 1)]
            level += [np.abs(frames[i].astype(float) - true[i]).mean() / 255 for i in range(FRAMES)]
        found[row] = {"person_l1": np.mean(person), "change_l1": np.mean(change), "l1": np.mean(level)}
        overall, ends = record["rows"][row]["overall"], record["rows"][row]["intervals"]
        for key, value in found[row].items():
            assert overall[key] == pytest.approx(value, rel=1e-9) and ends[key]["low"] <= value <= ends[key]["high"]
            beside = record["rows"][row]["beside_ours"][key]["value"]
            assert beside == pytest.approx(value - found["ours"][key], abs=1e-9)
    assert record["rows"]["ours"]["beside_ours"]["l1"] == {"value": 0, "low": 0, "high": 0}


def test_the_papers_layout(made):
    text = (made / "ablation.md").read_text()
    assert text.index("**(a)** The effect of modeling temporal") < text.index("**(d)** The effect of the inference-stage")
    assert "| Temp Attn | L1 ↓ |" in text and "| w/o |" in text and "(c)" not in text
    assert (
        "left out: fid: pt_inception-2015-12-05-6726825d.pth is missing" in text and "FVD" not in text.split("left out")[0]
    )
    with (made / "ablation.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["row"] for row in rows] == list(ROWS)
    record = json.loads((made / "ablation.json").read_text())
    assert all(float(row["psnr"]) == record["rows"][row["row"]]["overall"]["psnr"] for row in rows)
    assert record["options"] == OPTIONS and record["rows"]["no_fusion"]["differs"] == {"fuse_method": "none"}
    assert (made / "measured" / "no_fusion" / "report.html").is_file()


def test_what_is_made_is_not_made_again(files, tmp_path, monkeypatch, capsys):
    """A second run measures only; a video that is gone is made again, the others are not; a new row comes to them."""
    config, out = write_config(files, tmp_path, rows="{no_fusion: }", items=1), tmp_path / "out"
    assert run(config, out) == 0
    video = out / "rows" / "no_fusion" / "held_out_00000.mp4"
    bytes_before, text = video.read_bytes(), (out / "ablation.md").read_text()
    kept = {path: path.stat().st_mtime_ns for path in (out / "rows" / "ours").glob("*.mp4")}
    with monkeypatch.context() as patch:
        patch.setattr("pack.magicanimate_core.pipeline.models.load_models", lambda *_, **__: pytest.fail("loaded"))
        assert run(config, out) == 0
    assert "no_fusion: 0 of 1 videos to make" in capsys.readouterr().out and (out / "ablation.md").read_text() == text
    video.unlink()
    assert run(write_config(files, tmp_path, rows="{no_fusion: , more: {options: {steps: 2}}}", items=1), out) == 0
    assert video.read_bytes() == bytes_before and (out / "rows" / "more" / "held_out_00000.mp4").is_file()
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert "**Other rows**" in (out / "ablation.md").read_text()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"options": OPTIONS | {"steps": 2}}, "ours holds videos that were made with other options or models"),
        ({"items": 1}, "set was made of other data; give another --out"),
        ({"clips": "dancers:held_out?clips=2&frames=6&size=72"}, "set was made of other data"),
    ],
)
def test_videos_of_another_ablation_are_not_taken_for_this_one(files, made, tmp_path, capsys, changes, words):
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*.mp4")}
    assert run(write_config(files, tmp_path, **changes), made) == 2
    assert words in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*.mp4")} == before


def test_rows_that_cannot_differ_are_left_out(files, tmp_path, capsys):
    """Where every clip is one window, nothing is fused, and no segment is beside another."""
    config = write_config(files, tmp_path, rows=None, items=1, frames=4)
    assert run(config, tmp_path / "out") == 0
    text = (tmp_path / "out" / "ablation.md").read_text()
    assert (
        "left out: no_fusion: no clip is longer than one window (4 frames)" in text and "(a)" in text and "(e)" not in text
    )
    assert not (tmp_path / "out" / "rows" / "separate_noise").exists()


def test_clips_that_are_files(files, tmp_path):
    """A frame of the clip is the photo, at the size asked for; nobody knows which pixels the person covers."""
    write_clip(tmp_path / "clips" / "ann", DancerClips(1, "train", FRAMES, 80, 80).read(0, range(FRAMES)))
    config = write_config(
        files, tmp_path, OPTIONS | {"width": 64, "height": 64}, "{no_fusion: }",
        clips=str(tmp_path / "clips"), reference=3,
    )  # fmt: skip
    assert run(config, tmp_path / "out") == 0
    true = frames_of(tmp_path / "out" / "set" / "true" / "ann.mp4")
    photo = frames_of(tmp_path / "out" / "set" / "reference" / "ann.png")
    assert true.shape == (FRAMES, 64, 64, 3) and np.array_equal(photo[0], true[3])
    overall = json.loads((tmp_path / "out" / "ablation.json").read_text())["rows"]["ours"]["overall"]
    assert "person_l1" not in overall and overall["change_l1"] > 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"clips": "nowhere"}, "nowhere does not exist; expected folders NAME/video.mp4"),
        ({"clips": "dancers:held_out?stills=2&size=64"}, "is a single picture; expected clips of 2 frames or more"),
        ({"frames": 1}, "is a single picture; expected clips"),
        ({"clips": "dancers:nobody?clips=2"}, "expected a split"),
        ({"reference": 6}, "data.reference is 6, but held_out_00000 has 6 frames"),
    ],
)
def test_a_set_that_cannot_be_used_is_refused_before_anything_is_made(files, tmp_path, capsys, monkeypatch, data, words):
    monkeypatch.setattr(
        "pack.magicanimate_core.pipeline.models.load_models", lambda *_, **__: pytest.fail("models are loaded")
    )
    assert run(write_config(files, tmp_path, **data), tmp_path / "out") == 2
    message = capsys.readouterr().err.strip()
    assert message.startswith("error: ") and words in message and len(message.splitlines()) == 1
    assert not list(tmp_path.rglob("*.mp4"))


def test_models_that_are_missing_are_named_before_any_work(files, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    config = write_config(files, tmp_path, rows=f"{{a: {{models: {{magicanimate: {tmp_path / 'empty'}}}}}}}")
    assert run(config, tmp_path / "out") == 2
    assert "download zcxu-eric/MagicAnimate" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_several_processes_are_refused(files, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert run(write_config(files, tmp_path), tmp_path / "out") == 2
    assert "ablate runs as one process" in capsys.readouterr().err


def test_help_teaches(capsys):
    with pytest.raises(SystemExit):
        cli.main(["ablate", "--options"])
    assert "no_temporal_attention" in capsys.readouterr().out
