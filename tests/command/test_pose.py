"""python -m magicanimate_core pose, as a user types it."""

from fractions import Fraction

import av
import numpy as np
import pytest
from pack.magicanimate_core.command import cli, pose
from pack.magicanimate_core.media.densepose import nearest_parts, paint
from pack.magicanimate_core.media.reading import open_video
from pack.magicanimate_core.media.writing import LOSSLESS, video_writer, write_picture
from pack.magicanimate_core.testing import densepose_nets
from pack.tests.doors.videos import grey, heard_seconds, write
from pack.tests.pose.figures import off_share, two_figures

SIZE, FRAMES = (96, 128), 6


@pytest.fixture(scope="module", params=["traced", "scripted"])
def net(request, tmp_path_factory):
    write = {"traced": densepose_nets.write_traced, "scripted": densepose_nets.write_scripted}[request.param]
    return write(tmp_path_factory.mktemp("nets") / f"{request.param}.torchscript")


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    return densepose_nets.write_traced(tmp_path_factory.mktemp("nets") / "traced.torchscript")


@pytest.fixture
def parts():
    """The truth, (F, H, W): two people, of whom one goes down; nobody in the fourth frame."""
    frames = [two_figures(*SIZE, apart=2 * i) for i in range(FRAMES)]
    frames[3] = np.zeros(SIZE, np.uint8)
    return np.stack(frames)


@pytest.fixture
def film(tmp_path, parts):
    path = tmp_path / "film.mp4"
    with video_writer(path, 25, SIZE[1], SIZE[0], LOSSLESS) as write:
        for frame in paint(parts):
            write(frame)
    return path


def run(source, out, net, *more) -> int:
    command = ["pose", source, out, "--densepose-model", net, "--size", 96, "--device", "cpu", *more]
    return cli.main([str(word) for word in command])


def read(path) -> tuple[np.ndarray, Fraction]:
    """Parts (F, H, W) of a pose video whose colours must be exact, and its rate."""
    video = open_video(path)
    found, distance = nearest_parts(np.stack(video.read(video.shown)))
    assert distance.max() == 0
    return found, video.fps


def test_the_map_of_every_frame_is_written(film, net, parts, tmp_path):
    assert run(film, tmp_path / "new" / "poses.mp4", net) == 0
    found, fps = read(tmp_path / "new" / "poses.mp4")
    assert found.shape == parts.shape and fps == 25
    assert not found[3].any()
    for a, b in zip(found, parts, strict=True):
        assert not b.any() or off_share(a, b) < 0.05
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "new"]  # no parts beside it
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["poses.mp4"]


@pytest.mark.parametrize(("fps", "numbers"), [(12.5, [0, 2, 4]), (50, [i // 2 for i in range(12)])])
def test_another_rate(film, traced, tmp_path, fps, numbers):
    run(film, tmp_path / "same.mp4", traced)
    run(film, tmp_path / "other.mp4", traced, "--fps", fps)
    (same, _), (other, rate) = read(tmp_path / "same.mp4"), read(tmp_path / "other.mp4")
    assert rate == fps and abs(len(other) - len(numbers)) <= 1
    assert np.array_equal(other, same[pose.frames_at(open_video(film), fps)[0]])


def test_frames_that_last_long_are_looked_at_once(film):
    looked, written = [], []
    video = open_video(film)

    class Writer:
        def __enter__(self):
            return written.append

        def __exit__(self, *_):
            pass

    def parts_of(frame):
        looked.append(frame)
        return np.full(frame.shape[:2], len(looked), np.uint8)

    pose.write_poses(video, [0, 0, 0, 2, 5, 5], parts_of, Writer(), "film")
    assert len(looked) == 3 and [int(nearest_parts(f)[0][0, 0]) for f in written] == [1, 1, 1, 2, 3, 3]


def test_a_photo(net, tmp_path):
    truth = two_figures(97, 131)  # sizes that are no multiple of anything
    write_picture(tmp_path / "photo.png", paint(truth))
    assert run(tmp_path / "photo.png", tmp_path / "pose.png", net, "--size", 97) == 0
    (found,), _ = read(tmp_path / "pose.png")
    assert found.shape == truth.shape and off_share(found, truth) < 0.06
    assert run(tmp_path / "photo.png", tmp_path / "pose.mp4", net, "--size", 97) == 0
    assert np.array_equal(read(tmp_path / "pose.mp4")[0][0], found)


def test_what_cannot_be_used_is_one_sentence(film, traced, tmp_path, capsys):
    (tmp_path / "page.pt").write_text("<!doctype html>")
    (tmp_path / "text.mp4").write_text("no film")
    out = tmp_path / "out.mp4"
    for source, target, more, words in [
        (tmp_path / "none.mp4", out, (), "does not exist"),
        (tmp_path, out, (), "is a folder"),
        (tmp_path / "text.mp4", out, (), "text.mp4 cannot be read as a video"),
        (film, film, (), "OUT is IN"),
        (film, tmp_path / "out.avi", (), "expected the name of an MP4"),
        (film, tmp_path / "out.png", (), "has 6 frames"),
        (film, film / "out.mp4", (), "nothing can be written"),
        (film, out, ("--size", "16"), "--size is 16; expected 64 to 2048"),
        (film, out, ("--fps", "-5"), "--fps is -5"),
        (film, out, ("--device", "meta"), "device meta"),
        (film, out, ("--densepose-model", tmp_path / "page.pt"), "page.pt is a web page"),
        (film, out, ("--densepose-model", tmp_path / "none.pt"), "none.pt is no file"),
        (film, out, ("--densepose-model", film), "film.mp4 is no TorchScript"),
    ]:
        assert run(source, target, traced, *more) == 2
        told = capsys.readouterr().err.strip()
        assert words in told and "\n" not in told, told
    assert cli.main(["pose", str(film), str(out)]) == 2
    told = capsys.readouterr().err
    assert "--densepose-model is missing" in told and "huggingface.co" in told and "dajes" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "page.pt", "text.mp4"]


def test_a_run_that_ends_early_leaves_what_was_there(film, traced, tmp_path, monkeypatch):
    out = tmp_path / "poses.mp4"
    out.write_text("an older one")

    def broken(self, frame):
        raise KeyboardInterrupt

    monkeypatch.setattr(pose.Detector, "__call__", broken)
    with pytest.raises(KeyboardInterrupt):
        run(film, out, traced)
    assert out.read_text() == "an older one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "poses.mp4"]


def test_the_sound_is_kept(traced, tmp_path):
    heard = write(tmp_path / "heard.mp4", grey(20), sound="aac")
    run(heard, tmp_path / "poses.mp4", traced)
    (codec, begin, end), (same, first, last) = (heard_seconds(path) for path in (heard, tmp_path / "poses.mp4"))
    assert codec == same == "aac" and abs(begin - first) < 0.03 and abs(end - last) < 0.1


def test_the_file_says_what_it_is(film, traced, tmp_path):
    run(film, tmp_path / "poses.mp4", traced)
    with av.open(str(tmp_path / "poses.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
