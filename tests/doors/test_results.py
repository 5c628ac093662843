"""What is made of videos: results with their clip's sound and tagged colours, and prepared pairs."""

import logging

import av
import numpy as np
import pytest
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.dancers import clip as dancer
from pack.magicanimate_core.data import open_source
from pack.magicanimate_core.media.clip import PoseClip
from pack.magicanimate_core.media.densepose import paint
from pack.magicanimate_core.media.reading import read_frames
from pack.magicanimate_core.media.writing import LOSSLESS, RESULT, SMOOTH, video_writer
from pack.tests.doors.table import Case, cases, passes
from pack.tests.doors.videos import changed, grey, heard_seconds, turned, write

UNEVEN = [*range(0, 400, 40), *range(400, 1400, 100)]  # milliseconds


def result(clip_path, folder):
    """The video that a command would write for a clip, and the same once more."""
    clip = PoseClip(clip_path)
    for name in ("a", "b"):
        with video_writer(folder / f"{name}.mp4", clip.fps, clip.width, clip.height, sound=clip.sound) as append:
            for i in range(len(clip)):
                append((clip([i])[0].movedim(0, -1).numpy() * 255).round().astype(np.uint8))
    assert (folder / "a.mp4").read_bytes() == (folder / "b.mp4").read_bytes()
    return folder / "a.mp4"


def sounds(codec: str | None, begin: float = 0.0, end: float = 0.8, seconds: float = 0.8):
    """The result lasts so many seconds; its sound has this codec and is heard from `begin` to `end`."""

    def check(path) -> None:
        with av.open(str(path)) as container:
            assert container.duration / 1e6 == pytest.approx(seconds, abs=0.001)
        heard = heard_seconds(path)
        assert (heard is None) == (codec is None)
        if heard and codec:
            assert heard[0].startswith(codec) and heard[1:] == pytest.approx((begin, end), abs=0.05)

    return check


def silenced(path):
    """A film whose sound is there, but nothing of it can be decoded."""
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(audio=0) if packet.size]
    data = bytearray(path.read_bytes())
    for begin, size in places:
        data[begin : begin + size] = b"\xff" * size
    path.write_bytes(data)
    return path


@cases(
    Case("AAC", lambda tmp: write(tmp / "in.mp4", grey(20), sound="aac"), sounds("aac")),
    Case("MP3", lambda tmp: write(tmp / "in.mp4", grey(20), sound="libmp3lame"), sounds("mp3")),
    Case(
        "MP3 in an AVI",
        lambda tmp: write(tmp / "in.avi", grey(20), "mpeg4", sound="libmp3lame"),
        sounds("mp3", seconds=0.84),
    ),
    Case("Opus", lambda tmp: write(tmp / "in.mkv", grey(20), sound="libopus"), sounds("opus")),
    Case("FLAC", lambda tmp: write(tmp / "in.mkv", grey(20), sound="flac"), sounds("flac")),
    Case("AC-3", lambda tmp: write(tmp / "in.mkv", grey(20), sound="ac3"), sounds("ac3")),
    Case("a camera's PCM", lambda tmp: write(tmp / "in.mov", grey(20), sound="pcm_s16le"), sounds("aac")),
    Case("MP2", lambda tmp: write(tmp / "in.mkv", grey(20), sound="mp2"), sounds("aac")),
    Case("broadcast", lambda tmp: write(tmp / "in.ts", grey(20), sound="aac"), sounds("aac")),
    Case("no sound", lambda tmp: write(tmp / "in.mp4", grey(20)), sounds(None)),
    Case("a GIF", lambda tmp: write(tmp / "in.gif", grey(20), "gif", "rgb8"), sounds(None)),
    Case("broken sound", lambda tmp: silenced(write(tmp / "in.mp4", grey(20), sound="aac")), sounds(None)),
    Case("a late sound", lambda tmp: write(tmp / "in.mkv", grey(20), sound="aac", sound_from=0.4), sounds("aac", 0.4)),
    Case(
        "longer than the film",
        lambda tmp: write(tmp / "in.mp4", grey(5), sound="aac", sound_from=0.1),
        sounds("aac", 0.1, 0.2, 0.2),
    ),
    Case(
        "a film that begins late",
        lambda tmp: write(tmp / "in.mkv", grey(10), times=[*range(400, 800, 40)], sound="pcm_s16le", sound_from=0.1),
        sounds("aac", 0, 0.4, 0.4),
    ),
    Case(
        "unequal frames",
        lambda tmp: write(tmp / "in.mkv", grey(20), times=UNEVEN, sound="aac"),
        sounds("aac", 0, 1.3, 1.36),
    ),
)
def test_sound(case, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        passes(case, lambda: result(case.brings(tmp_path), tmp_path))
    said = {record.getMessage() for record in caplog.records if record.name.startswith("pack.")}
    assert len(said) == (case.what == "broken sound") and all("in.mp4" in line and "\n" not in line for line in said)


@pytest.mark.parametrize("how", [RESULT, SMOOTH, LOSSLESS])
def test_colours_come_back_and_are_tagged(tmp_path, how):
    rgb = np.random.default_rng(0).integers(0, 256, (4, 4, 6, 3), np.uint8).repeat(8, 1).repeat(8, 2)  # (4, 32, 48, 3)
    with video_writer(tmp_path / "a.mp4", 25, 48, 32, how) as append:
        for frame in rgb:
            append(frame)
    off = np.abs((read_frames(tmp_path / "a.mp4")[0].numpy() * 255).round() - rgb)
    assert off.max() == 0 if how is LOSSLESS else np.median(off) <= 2
    with av.open(str(tmp_path / "a.mp4")) as container:
        coder = container.streams.video[0].codec_context
        tags = (coder.colorspace, coder.color_primaries, coder.color_trc, coder.color_range)
    assert [int(tag) for tag in tags] == ([0, 1, 1, 2] if how is LOSSLESS else [6, 1, 1, 1])


def pair(folder, turn_video=None, turn_poses=None, times=None):
    """A dancer of 80 x 48 pixels and its DensePose, 20 frames, each as stored for a display matrix."""
    drawn = dancer(0, frames=20, height=48, width=80)
    frames = [drawn.frame(i) for i in range(20)]
    for role, rgb, turn in (
        ("video", np.stack([f.image for f in frames]), turn_video),
        ("densepose", paint(np.stack([f.parts for f in frames])), turn_poses),
    ):
        turned(folder / "in" / "a" / f"{role}.mp4", rgb, *(turn or (1, 0, 0, 1)), times=times)
    return folder


def prepared(folder, *options: str):
    """(0 if it was kept, frames, frames per second, height, width)"""
    status = cli.main(["prepare", str(folder / "in"), str(folder / "out"), "--size", "64", "--min-frames", "2", *options])
    if status:
        return status, 0, 0, 0, 0
    source = open_source(folder / "out")
    return status, source.length(0), source.fps(0), *source.read(0, [0]).images.shape[1:3]


UPRIGHT = (0, 1, -1, 0)


@pytest.mark.parametrize(
    ("turns", "options", "expected"),
    [
        ((None, None), (), (0, 20, 25, 64, 64)),
        ((UPRIGHT, UPRIGHT), (), (0, 20, 25, 64, 64)),
        ((UPRIGHT, None), (), (1, 0, 0, 0, 0)),
        ((None, UPRIGHT), (), (1, 0, 0, 0, 0)),
    ],
)
def test_pairs_of_which_only_one_is_turned_are_dropped(tmp_path, capsys, turns, options, expected):
    assert prepared(pair(tmp_path, *turns), *options) == expected
    assert expected[0] == 0 or "frames of different sizes" in capsys.readouterr().out


@pytest.mark.parametrize(("fps", "expected"), [(0, 34), (25, 33), (10, 14), (50, 66)])
def test_prepared_clips_are_in_time(tmp_path, fps, expected):
    """Every frame is the nearest in time; as they are (0), every frame is what is seen then."""
    times = np.array(UNEVEN) / 1000
    write(tmp_path / "in/a/video.mp4", grey(20), times=UNEVEN)
    pair(tmp_path / "poses")
    (tmp_path / "poses/in/a/densepose.mp4").rename(tmp_path / "in/a/densepose.mp4")
    drawn = dancer(0, frames=20, height=32, width=48)
    write(tmp_path / "in/a/densepose.mp4", paint(np.stack([drawn.frame(i).parts for i in range(20)])))
    status, count, rate, *_ = prepared(tmp_path, "--fps", str(fps))
    assert (status, count, rate) == (0, expected, fps or 25)
    seen = (open_source(tmp_path / "out").read(0, range(count)).images.mean((1, 2, 3)) / 10).round().astype(int)
    off = np.abs(times[seen] - np.arange(count) / rate)
    assert (off <= np.abs(times[:, None] - np.arange(count) / rate).min(0) + 1e-6).all() if fps else (off < 0.1).all()


def test_a_phones_clip_through_the_command(files, tmp_path):
    """Turned by its matrix, unequal in time, with sound and a title that is not UTF-8: the result is upright and as long."""
    poses = (read_frames(files.clip)[0].numpy() * 255).round().astype(np.uint8)[:6]
    poses = np.rot90(np.pad(poses, ((0, 0), (0, 16), (0, 0), (0, 0)), mode="edge"), axes=(1, 2))  # stored lying
    path = turned(tmp_path / "in.mp4", poses, *UPRIGHT, times=[0, 40, 80, 120, 240, 280], sound="aac")
    command = files.command(tmp_path / "out.mp4", "--side-by-side", "--steps", "1")
    command[command.index("--pose") + 1] = str(changed(path, b"Grete", b"Gr\xe9t\xff"))
    assert cli.main(command) == 0
    made, fps = read_frames(tmp_path / "out.mp4")
    shown, _ = read_frames(path)
    height, width = shown.shape[1:3]
    assert (len(made), fps) == (8, 25) and made.shape[1:3] == (height, 3 * width) and height > width
    assert (made[:, :, width : 2 * width] - shown).abs().mean() < 0.03  # the pose in the middle
    assert sounds("aac", 0, 0.28, 0.32)(tmp_path / "out.mp4") is None
