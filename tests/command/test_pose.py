"""python -m magicanimate_core pose, as a user types it."""

from fractions import Fraction

import av
import numpy as np
import pytest
from pack.magicanimate_core import bodies
from pack.magicanimate_core.command import cli, pose, posing
from pack.magicanimate_core.media.densepose import nearest_parts, paint
from pack.magicanimate_core.media.reading import open_video
from pack.magicanimate_core.media.writing import LOSSLESS, video_writer, write_picture
from pack.magicanimate_core.testing import densepose_nets
from pack.magicanimate_core.testing.body_joints import dancer
from pack.tests.doors.videos import grey, heard_seconds, write
from pack.tests.pose.figures import off_share, two_figures

SIZE, FRAMES = (96, 128), 6
BY_NET = ("--form", "film", "--steady", 0, "--no-fill-gaps")  # the stand-ins' films are painted in DensePose's colours


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
    return pose_of(source, out, "--densepose-model", net, "--size", 96, "--device", "cpu", *BY_NET, *more)


def pose_of(*words) -> int:
    return cli.main(["pose", *map(str, words)])


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


def test_frames_that_last_long_are_looked_at_once(film, traced, tmp_path, monkeypatch):
    looked = []
    found = lambda self, frame: looked.append(frame) or np.full(SIZE, len(looked), np.uint8)  # noqa: E731
    monkeypatch.setattr(posing.Detector, "__call__", found)
    run(film, tmp_path / "poses.mp4", traced, "--fps", 50)
    assert len(looked) == FRAMES
    numbers, _ = pose.frames_at(open_video(film), 50)
    assert len(numbers) > FRAMES and list(read(tmp_path / "poses.mp4")[0][:, 0, 0]) == [1 + i for i in numbers]


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
    assert pose_of(film, out, "--form", "film") == 2
    told = capsys.readouterr().err
    assert "--densepose-model is missing" in told and "huggingface.co" in told and "dajes" in told and "parula" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "page.pt", "text.mp4"]


def test_a_run_that_ends_early_leaves_what_was_there(film, traced, tmp_path, monkeypatch):
    out = tmp_path / "poses.mp4"
    out.write_text("an older one")

    def broken(self, frame):
        raise KeyboardInterrupt

    monkeypatch.setattr(posing.Detector, "__call__", broken)
    with pytest.raises(KeyboardInterrupt):
        run(film, out, traced)
    assert out.read_text() == "an older one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "poses.mp4"]


def test_the_sound_is_kept(traced, tmp_path):
    heard = write(tmp_path / "heard.mp4", grey(20), sound="aac")
    write_picture(tmp_path / "photo.png", paint(two_figures(*SIZE)))
    for more in ((), ("--photo-pose", tmp_path / "photo.png")):
        run(heard, tmp_path / "poses.mp4", traced, *more)
        (codec, begin, end), (same, first, last) = (heard_seconds(path) for path in (heard, tmp_path / "poses.mp4"))
        assert codec == same == "aac" and abs(begin - first) < 0.03 and abs(end - last) < 0.1


def test_the_file_says_what_it_is(film, traced, tmp_path):
    run(film, tmp_path / "poses.mp4", traced)
    with av.open(str(tmp_path / "poses.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"


def test_a_gap_is_filled_and_told(film, traced, tmp_path, capsys):
    run(film, tmp_path / "poses.mp4", traced, "--fill-gaps")
    found, _ = read(tmp_path / "poses.mp4")
    assert found[3].any()
    told = capsys.readouterr().out
    assert "traced.torchscript" in told and "nobody was found: 1, filled: 1" in told
    assert f"frames: {FRAMES}, people: at least 2" in told


def test_densepose_needs_no_net(film, traced, parts, tmp_path, capsys):
    """And where one is given for the photo, it does not see what is DensePose already."""
    whole = ("--steady", 0, "--no-fill-gaps")
    assert pose_of(film, tmp_path / "a.mp4", *whole) == 0
    assert np.array_equal(read(tmp_path / "a.mp4")[0], parts)
    assert "form: viridis (viridis), confidence 100%" in capsys.readouterr().out
    assert pose_of(film, tmp_path / "b.mp4", "--densepose-model", traced, "--device", "cpu", *whole) == 0
    assert np.array_equal(read(tmp_path / "b.mp4")[0], parts)
    assert "IN is DensePose already" in capsys.readouterr().out


def test_it_is_what_the_three_nodes_make(film, tmp_path):
    """Converted, mended, aligned: the same functions, one frame after another, limbs steady over them."""
    from pack.magicanimate_core.pose.align.fit import fit_alignment
    from pack.magicanimate_core.pose.preparing import prepare_poses
    from pack.magicanimate_core.testing.dances import LONG_BODY, built
    from pack.tests.pose.dancing import SMALL, WHOLE, dance

    clip, photo = dance(0, 10, WHOLE, 6, 1), dance(0, built(30, **LONG_BODY), SMALL, 3, 1)[2]
    write_picture(tmp_path / "photo.png", photo)
    with video_writer(tmp_path / "clip.mp4", 25, *clip[0].shape[1::-1], LOSSLESS) as write:
        for frame in clip:
            write(frame[..., ::-1])
    assert pose_of(tmp_path / "clip.mp4", tmp_path / "out.mp4", "--photo-pose", tmp_path / "photo.png") == 0
    ready = list(prepare_poses(clip))
    fitted = fit_alignment(ready, photo)
    assert fitted.rebuilt is not None
    video = open_video(tmp_path / "out.mp4")
    assert np.array_equal(video.read(video.shown), [fitted.apply(frame, number) for number, frame in enumerate(ready)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "film.mp4", "out.mp4", "photo.png"]


def test_a_photo_is_looked_at_by_the_net(film, traced, parts, tmp_path, monkeypatch, capsys):
    write_picture(tmp_path / "photo.png", np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8))
    looked = []
    monkeypatch.setattr(posing.Detector, "__call__", lambda self, frame: looked.append(frame.shape) or parts[0])
    words = (film, tmp_path / "poses.mp4", "--photo-pose", tmp_path / "photo.png")
    assert pose_of(*words, "--densepose-model", traced, "--device", "cpu") == 0
    assert looked == [(*SIZE, 3)] and "People: 2 in the clip, 2 in the photo" in capsys.readouterr().out
    assert pose_of(*words) == 2
    assert "--photo-pose photo.png is not DensePose" in (told := capsys.readouterr().err) and "--densepose-model is" in told


def test_what_waits_for_the_photo_is_gone_after_a_failure(film, tmp_path, monkeypatch):
    from pack.magicanimate_core.command import aligning

    write_picture(tmp_path / "photo.png", paint(two_figures(*SIZE)))

    def broken(frames, *_, **__):
        next(iter(frames))
        raise KeyboardInterrupt

    monkeypatch.setattr(aligning, "fit_alignment", broken)
    with pytest.raises(KeyboardInterrupt):
        pose_of(film, tmp_path / "out.mp4", "--photo-pose", tmp_path / "photo.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "photo.png"]


def test_bodies_are_drawn_from_joints(tmp_path, monkeypatch, capsys):
    seen, bundle = dancer(1, 20), tmp_path / "pose_landmarker_full.task"
    bundle.write_bytes(b"")
    write_picture(tmp_path / "photo.png", np.full((*seen.parts.shape, 3), 200, np.uint8))
    words = (tmp_path / "photo.png", tmp_path / "pose.png", "--densepose-model", bundle)
    assert pose_of(*words) != 0 and "needs the package mediapipe" in capsys.readouterr().err
    landmarks = type("StandIn", (), {"__call__": lambda *_: [seen.joints], "close": lambda _: None})
    monkeypatch.setattr(bodies.source, "Landmarks", lambda path: landmarks())
    assert pose_of(*words) == 0
    made = read(tmp_path / "pose.png")[0][0]
    assert (made == seen.parts)[seen.parts > 0].mean() >= 0.8
    assert "parts found by pose_landmarker_full.task" in capsys.readouterr().out
