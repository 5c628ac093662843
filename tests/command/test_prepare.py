"""The prepare command: what is kept, what is dropped and why, and that both streams and their timing stay together."""

import json
import shutil

import cv2
import numpy as np
import pytest
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.dancers import clip
from pack.magicanimate_core.data import DancerClips, Sample, fit_sample, open_source
from pack.magicanimate_core.data.prepare import items
from pack.magicanimate_core.media.densepose import PART_COLOURS, nearest_parts, paint
from pack.magicanimate_core.media.timing import even_edges, nearest
from pack.magicanimate_core.pose.forms import FORMS
from pack.magicanimate_core.pose.palette import body_share, is_exact, palette_problem, stray_share
from pack.magicanimate_core.pose.preparing import converted
from pack.tests.data.writing import write_clip, write_video
from pack.tests.shared import SHARED

FRAMES = 12
CLIPS = DancerClips(3, "train", FRAMES, 64, 64)


def prepare(source, out, *more) -> int:
    return cli.main(["prepare", str(source), str(out), "--size", "32", "--min-frames", "4", *map(str, more)])


def report(out) -> dict:
    return json.loads((out / "report.json").read_text())


@pytest.fixture(scope="module")
def drawn():
    return CLIPS.read(0, range(FRAMES))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, drawn):
    """Two good clips and one of each kind of bad ones."""
    root = tmp_path_factory.mktemp("mixed")
    images, poses = drawn
    parts, _ = nearest_parts(poses)
    skeleton = np.zeros_like(poses)
    for frame in skeleton:
        cv2.line(frame, (20, 10), (40, 50), (255, 0, 0), 3)
        cv2.line(frame, (40, 10), (20, 50), (0, 255, 85), 3)
    iuv = np.stack([np.where(parts > 0, 128, 0), np.where(parts > 0, 200, 0), parts], -1).astype(np.uint8)
    write_clip(root / "good", drawn)
    write_clip(root / "good_frames", CLIPS.read(1, range(FRAMES)), frames=True)
    for name, densepose in {
        "bgr": poses[..., ::-1],
        "black": np.zeros_like(poses),
        "empty": np.broadcast_to(paint(np.uint8(0)), poses.shape),
        "iuv": iuv,
        "numbers": np.repeat(parts[..., None], 3, -1),
        "on_black": np.where(parts[..., None] > 0, poses, 0),
        "photo": images,
        "skeleton": skeleton,
    }.items():
        write_clip(root / name, Sample(images, densepose))
    write_clip(root / "swapped", Sample(poses, images))
    write_clip(root / "short", Sample(images[:3], poses[:3]))
    write_clip(root / "uneven", drawn)
    write_video(root / "uneven" / "densepose.mp4", poses[:9])
    write_clip(root / "web_page", drawn)
    (root / "web_page" / "video.mp4").write_text("<html>")
    return root


REASONS = {
    "bgr": "looks like BGR: swap red and blue",
    "black": "black frames",
    "empty": "shows no person",
    "iuv": "DensePose IUV",
    "numbers": "part numbers 0 to 24 as grey",
    "on_black": "looks like viridis on black: let Prepare Pose Video",
    "photo": "is not DensePose in MagicAnimate's colours",
    "short": "too short: 3 frames at 25 fps",
    "skeleton": "OpenPose skeleton",
    "swapped": "swapped",
    "uneven": "12 frames in the video and 9 in the DensePose",
    "web_page": "is a web page",
}


def test_report_and_table(mixed, tmp_path, capsys):
    out = tmp_path / "out"
    assert prepare(mixed, out) == 0
    done, printed = report(out), capsys.readouterr().out
    reasons = {entry["name"]: entry["reason"] for entry in done["dropped"]}
    assert {name: text for name, text in REASONS.items() if text in reasons[name]} == REASONS
    assert reasons.keys() == REASONS.keys() and [entry["name"] for entry in done["kept"]] == ["good", "good_frames"]
    assert (done["frames"], done["size"]) == (2 * FRAMES, [32, 32])
    assert "kept     2 of 14: 24 frames, 1.0 s, 32x32" in printed and all(f"dropped  {name} " in printed for name in reasons)
    prepared = open_source(out)
    assert [prepared.name(i) for i in range(len(prepared))] == ["good", "good_frames"]
    assert sorted(p.name for p in out.iterdir()) == ["good", "good_frames", "report.json"]  # nothing half-written
    sample = prepared.read(1, range(FRAMES))
    assert sample.images.shape == sample.poses.shape == (FRAMES, 32, 32, 3)


CONVERTED = {"bgr": "viridis_bgr", "iuv": "vui", "numbers": "numbers", "on_black": "viridis_black"}


def test_other_forms_are_converted_when_asked(mixed, drawn, tmp_path):
    """Their files hold the parts to the bit; what was in our colours is the same file as ever."""
    for name in (*CONVERTED, "good", "good_frames", "photo", "skeleton", "swapped", "black"):
        shutil.copytree(mixed / name, tmp_path / "in" / name)
    for name in CONVERTED:  # a codec may have blurred them
        shutil.rmtree(tmp_path / "in" / name)
        write_clip(tmp_path / "in" / name, Sample(drawn.images, saved(name, drawn.poses)), frames=True)
    assert prepare(tmp_path / "in", tmp_path / "auto", "--form", "auto") == prepare(mixed, tmp_path / "ours") == 0
    done = {record["name"]: record.get("form") for record in report(tmp_path / "auto")["kept"]}
    assert done == {**CONVERTED, "good": None, "good_frames": None}
    assert {entry["name"] for entry in report(tmp_path / "auto")["dropped"]} == {"photo", "skeleton", "swapped", "black"}
    source, small = open_source(tmp_path / "auto"), fit_sample(drawn, 32, 32)
    for item in range(len(source)):
        if source.name(item) in CONVERTED:
            assert np.array_equal(source.read(item, range(FRAMES)).poses, small.poses)
    for name in ("good", "good_frames"):
        for file in ("video.mp4", "densepose.mp4"):
            assert (tmp_path / "auto" / name / file).read_bytes() == (tmp_path / "ours" / name / file).read_bytes()


def saved(name: str, poses: np.ndarray) -> np.ndarray:
    """Exact poses (F, H, W, 3) in the form of a clip of `mixed`."""
    parts, _ = nearest_parts(poses)
    column = np.arange(poses.shape[2]) * 3 % 250
    u, v = (np.where(parts > 0, (column + shift) % 250, 0) for shift in (40, 120))
    return {
        "bgr": poses[..., ::-1], "iuv": np.stack([v, u, parts], -1).astype(np.uint8),
        "numbers": np.repeat(parts[..., None], 3, -1), "on_black": np.where(parts[..., None] > 0, poses, 0),
    }[name]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "name", "words"),
    [
        ("parula", "photo", "is not surely Parula"),
        ("viridis", "bgr", "swap red and blue, or let Prepare Pose Video convert it, or --form auto here"),
        ("auto", "photo", "is not DensePose"),
    ],
)
def test_a_form_that_it_is_not(mixed, tmp_path, form, name, words):
    shutil.copytree(mixed / name, tmp_path / "in" / name)
    assert prepare(tmp_path / "in", tmp_path / "out", "--form", form) == 1
    assert words in report(tmp_path / "out")["dropped"][0]["reason"]


@pytest.mark.parametrize("pick", ["photo", "web_page"])
def test_nothing_kept(mixed, tmp_path, pick):
    shutil.copytree(mixed / pick, tmp_path / "in" / pick)
    assert prepare(tmp_path / "in", tmp_path / "out") == 1
    assert report(tmp_path / "out")["kept"] == []


def test_exact_colours_stay_exact_and_blurred_ones_stay_or_snap(mixed, tmp_path):
    text = f"dancers:train?clips=1&frames={FRAMES}"
    assert prepare(text, tmp_path / "drawn") == 0
    drawn_small = DancerClips(1, "train", FRAMES, 32, 32).read(0, range(FRAMES))
    kept = open_source(tmp_path / "drawn").read(0, range(FRAMES))
    assert np.array_equal(kept.poses, drawn_small.poses)
    assert np.abs(kept.images.astype(int) - drawn_small.images).mean() < 6
    for more, exact in (((), False), (("--snap",), True)):
        out = tmp_path / "".join(("snapped", *more))
        shutil.copytree(mixed / "good", tmp_path / f"in{exact}" / "good")
        assert prepare(tmp_path / f"in{exact}", out, *more) == 0
        assert is_exact(open_source(out).read(0, range(FRAMES)).poses) == exact


@pytest.mark.parametrize("fit, size", [("crop", (32, 32)), ("pad", (48, 32)), ("stretch", (24, 40))])
def test_both_streams_are_cut_alike(tmp_path, fit, size):
    """A clip whose picture is its DensePose is still that afterwards."""
    parts = np.zeros((6, 48, 80), np.uint8)
    parts[:, 12:36, 20:56] = 24
    poses = paint(parts)
    write_clip(tmp_path / "in" / "a", Sample(poses, poses), frames=True)
    assert prepare(tmp_path / "in", tmp_path / "out", "--width", size[1], "--height", size[0], "--fit", fit) == 0
    images, kept = open_source(tmp_path / "out").read(0, range(6))
    assert kept.shape == (6, *size, 3)
    a, b = (np.abs(x.astype(int) - PART_COLOURS[0]).max(-1) > 90 for x in (images, kept))
    if fit == "pad":  # grey around the picture
        a &= np.abs(images.astype(int) - 128).max(-1) > 40
    assert b.any() and (a != b).mean() < 0.03


@pytest.mark.parametrize("fps, wanted", [(30, 25), (24, 25), (25, 25), (50, 25), (12, 30), (30000 / 1001, 25)])
def test_resampled_frames_are_the_nearest_in_time(fps, wanted):
    frames = nearest(even_edges(100, fps), wanted)
    times = np.arange(len(frames)) / wanted
    assert np.abs(np.array(frames) / fps - times).max() <= 0.5 / fps + 1e-9
    assert times[-1] <= 99 / fps + 1e-6 < times[-1] + 1 / wanted + 2e-6  # as long as it was
    assert len(set(frames)) == len(frames) or wanted > fps


def test_frame_rate_is_that_of_the_file(tmp_path):
    """Frame i of the clip is i brighter; played at 25 fps it brightens as it did at 50."""
    poses = np.stack([clip(0, frames=20, height=32, width=32).frame(0).parts] * 20)
    images = np.broadcast_to(np.arange(20, dtype=np.uint8)[:, None, None, None] * 10, (20, 32, 32, 3))
    for role, rgb in (("video", images), ("densepose", paint(poses))):
        write_video(tmp_path / "in" / "a" / f"{role}.mp4", rgb, fps=50)
    assert prepare(tmp_path / "in", tmp_path / "out", "--fps", 25, "--max-frames", 8) == 0
    source, record = open_source(tmp_path / "out"), report(tmp_path / "out")["kept"][0]
    assert (source.length(0), source.fps(0), record["frames"], record["source"]["frames"]) == (8, 25.0, 8, 20)
    assert np.abs(source.read(0, range(8)).images.mean((1, 2, 3)) / 10 - np.arange(0, 16, 2)).max() < 0.3


@pytest.mark.parametrize("shards", [(), ("--shards", 2)])
def test_a_stopped_run_goes_on(mixed, tmp_path, monkeypatch, shards):
    for i in range(3):
        write_clip(tmp_path / "in" / f"clip.{i}", CLIPS.read(i, range(FRAMES)), frames=True)
    done, out, write = [], tmp_path / "out", items.write_clip

    def stop_in_the_second(folder, *rest):
        write(folder, *rest)
        done.append(folder.name)
        if len(done) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(items, "write_clip", stop_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "in", out, *shards)
    assert prepare(tmp_path / "in", out, *shards) == 0
    assert [name[-6] for name in done] == ["0", "1", "1", "2"]
    assert prepare(tmp_path / "in", out, *shards) == 0 and len(done) == 4  # everything is done
    source = open_source(out)
    assert [source.name(i) for i in range(len(source))] == ["clip_0", "clip_1", "clip_2"]
    assert prepare(tmp_path / "in", out, *shards, "--max-frames", 5) == 0 and len(done) == 7  # another option, all again
    assert [open_source(out).length(i) for i in range(3)] == [5, 5, 5]


def test_shards_hold_what_folders_hold(mixed, tmp_path):
    assert prepare(mixed, tmp_path / "folders") == prepare(mixed, tmp_path / "shards", "--shards", 2) == 0
    a, b = open_source(tmp_path / "folders"), open_source(tmp_path / "shards")
    assert sorted(p.name for p in (tmp_path / "shards").iterdir()) == ["000.tar", "001.tar", "report.json"]
    for item in range(2):
        for x, y in zip(a.read(item, [3, 0, 7]), b.read(item, [3, 0, 7]), strict=True):
            assert a.name(item) == b.name(item) and np.array_equal(x, y)


def test_shards_are_written_again_when_an_item_is_added_or_gone(tmp_path):
    for i in range(2):
        write_clip(tmp_path / "in" / f"clip{i}", CLIPS.read(i, range(FRAMES)), frames=True)
    out = tmp_path / "out"
    assert prepare(tmp_path / "in", out, "--shards", 1) == 0
    write_clip(tmp_path / "in" / "clip2", CLIPS.read(2, range(FRAMES)), frames=True)
    shutil.rmtree(tmp_path / "in" / "clip0")
    assert prepare(tmp_path / "in", out, "--shards", 1) == 0
    source = open_source(out)
    assert [source.name(i) for i in range(len(source))] == ["clip1", "clip2"] and source.read(0, [0]).images.any()


def test_pictures(tmp_path):
    assert prepare("dancers:held_out?stills=2", tmp_path / "out") == 0
    source, drawn = open_source(tmp_path / "out"), open_source("dancers:held_out?stills=2&size=32")
    for x, y in zip(source.read(1, [0]), drawn.read(1, [0]), strict=True):
        assert np.array_equal(x, y)
    assert prepare(tmp_path / "out", tmp_path / "again", "--shards", 1) == 0
    assert np.array_equal(open_source(tmp_path / "again").read(1, [0]).images, source.read(1, [0]).images)


@pytest.mark.parametrize(
    "more, message",
    [
        (("--size", 30), "expected a multiple of 8, for example 32"),
        (("--shards", 0), "expected 1 or more"),
        (("--min-frames", 9, "--max-frames", 5), "min_frames <= max_frames"),
    ],
)
def test_bad_options(tmp_path, capsys, more, message):
    assert prepare("dancers:train?clips=1", tmp_path / "out", *more) == 2
    assert message in capsys.readouterr().err


def test_out_must_not_be_in(mixed, capsys):
    assert prepare(mixed, mixed) == 2
    assert "OUT is IN" in capsys.readouterr().err


@pytest.mark.parametrize("crf", [12, 23])
def test_small_compressed_clips_pass_and_snapping_repairs_most(tmp_path, drawn, crf):
    write_video(tmp_path / "a.mp4", drawn.poses, crf=str(crf))
    shutil.copytree(tmp_path, tmp_path / "in" / "a", ignore=lambda *_: ["in"])
    (tmp_path / "in" / "a" / "a.mp4").rename(tmp_path / "in" / "a" / "video.mp4")
    shutil.copy(tmp_path / "in" / "a" / "video.mp4", tmp_path / "in" / "a" / "densepose.mp4")
    poses = open_source(tmp_path / "in").read(0, range(FRAMES)).poses
    snapped = converted(poses, FORMS["viridis"], snap=True)
    assert palette_problem(poses, 0.5) is None and stray_share(poses) > 0 and is_exact(snapped)
    wrong = [(nearest_parts(x)[0] != nearest_parts(drawn.poses)[0]).mean() for x in (poses, snapped)]
    assert wrong[1] < wrong[0] < 0.15


def test_real_clips_have_the_right_colours(tmp_path):
    samples = sorted((SHARED / "samples").glob("*.mp4"))
    if not samples:
        pytest.skip("no real clips beside this checkout (../shared/samples)")
    for path in samples:
        (tmp_path / path.stem).mkdir()
        for role in ("video", "densepose"):
            shutil.copy(path, tmp_path / path.stem / f"{role}.mp4")
    source = open_source(tmp_path)
    for item in range(len(source)):
        poses = source.read(item, [source.length(item) // 2]).poses
        assert palette_problem(poses, 0.2) is None and body_share(poses) > 0.1
        assert "BGR" in palette_problem(poses[..., ::-1], 0.5)
