"""Sources: the same draw gives the same frames from every layout, and what is broken says so by name."""

import io
import pickle
import shutil
import tarfile
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from pack.magicanimate_core.data import BadItem, DancerClips, Sample, fit_sample, open_source
from pack.magicanimate_core.data.shards import expand, split_key
from pack.magicanimate_core.media.densepose import PART_COLOURS, paint
from pack.magicanimate_core.media.reading import Blob, Unreadable, Video

CLIPS = DancerClips(2, "train", 13, 32, 48)
DRAWS = ([0], [12], [7, 3, 11], [5, 0, 2, 4, 6, 8], [9, 9, 1], list(range(13)))


def write_video(path: Path, frames: np.ndarray, codec: str = "libx264", pixels: str = "yuv420p", fps: int = 25, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    container_options = {"movflags": options.pop("movflags")} if "movflags" in options else {}
    with av.open(str(path), "w", options=container_options) as container:
        stream = container.add_stream(codec, rate=fps, options={"g": "5", **options})
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode())


def write_clip(folder: Path, sample: Sample, frames: bool = False) -> None:
    for role, pictures in zip(("video", "densepose"), sample, strict=True):
        if frames:
            (folder / role).mkdir(parents=True)
            for i, rgb in enumerate(pictures):
                cv2.imwrite(str(folder / role / f"{i:06d}.png"), rgb[..., ::-1])
        else:
            write_video(folder / f"{role}.mp4", pictures)


def write_tar(path: Path, files: dict[str, Path]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, source in files.items():
            tar.add(source, name)


@pytest.fixture(scope="module")
def layouts(tmp_path_factory):
    """The same two clips as videos, as frames and as shards; the same two pictures as files and as shards."""
    root = tmp_path_factory.mktemp("layouts")
    for i in range(2):
        sample, name = CLIPS.read(i, range(13)), CLIPS.name(i)
        write_clip(root / "videos" / name, sample)
        write_clip(root / "frames" / name, sample, frames=True)
        files = {f"{name}.{role}.mp4": root / "videos" / name / f"{role}.mp4" for role in ("densepose", "video")}
        write_tar(root / f"clips_{i}.tar", {"./" + k: v for k, v in files.items()})
        (root / "pictures").mkdir(exist_ok=True)
        for ending, rgb in (("", sample.images[0]), ("_densepose", sample.poses[0])):
            cv2.imwrite(str(root / "pictures" / f"{name}{ending}.png"), rgb[..., ::-1])
    names = [CLIPS.name(i) for i in (1, 0)]  # the order in the tar does not matter
    pictures = {
        f"{n}{e}": root / "pictures" / f"{n}{e.replace('.d', '_d')}" for n in names for e in (".png", ".densepose.png")
    }
    write_tar(root / "pictures.tar", pictures)
    return root


def equal(a: Sample, b: Sample) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


NOISE = np.random.default_rng(0).integers(0, 255, (13, 4, 6, 3), np.uint8).repeat(8, 1).repeat(8, 2)  # (13, 32, 48, 3)


@pytest.mark.parametrize(
    "name, codec, pixels, options",
    [
        ("a.mp4", "libx264", "yuv420p", {"bf": "3"}),
        ("open_gop.mp4", "libx264", "yuv420p", {"x264-params": "open-gop=1:keyint=5:min-keyint=5:bframes=3:b-adapt=0"}),
        ("a.mkv", "libx264", "yuv420p", {}),
        ("lossless.mp4", "libx264rgb", "rgb24", {"qp": "0"}),
        ("a.avi", "mpeg4", "yuv420p", {"bf": "2"}),  # has no timestamps to go by
        ("a.gif", "gif", "rgb8", {}),
    ],
)
def test_random_access_equals_sequential_decoding(tmp_path, name, codec, pixels, options):
    write_video(tmp_path / name, NOISE, codec, pixels, **options)
    with av.open(str(tmp_path / name)) as container:
        expected = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(Video(Blob(name, tmp_path / name))) == len(expected) == 13
    for frames in DRAWS:
        read = Video(Blob(name, tmp_path / name)).read(frames)
        assert all(np.array_equal(image, expected[i]) for image, i in zip(read, frames, strict=True))


def test_reading_one_frame_does_not_decode_the_clip(tmp_path):
    """Damage before the nearest keyframe does not matter."""
    path = tmp_path / "a.mp4"
    write_video(path, NOISE)
    expected = Video(Blob("a.mp4", path)).read([11])[0]
    with av.open(str(path)) as container:
        second = list(container.demux(video=0))[1]
        start, end = second.pos, second.pos + second.size
    data = bytearray(path.read_bytes())
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    assert np.array_equal(Video(Blob("a.mp4", path)).read([11])[0], expected)
    with pytest.raises(Unreadable, match="a.mp4"):
        Video(Blob("a.mp4", path)).read([1, 2, 3])


@pytest.mark.parametrize("layout", ["frames", "pictures"])
def test_pictures_equal_what_was_drawn(layouts, layout):
    source = open_source(layouts / layout)
    assert (len(source), source.name(1)) == (2, CLIPS.name(1))
    for frames in DRAWS if layout == "frames" else ([0], [0, 0]):
        assert equal(source.read(1, frames), CLIPS.read(1, frames))


@pytest.mark.parametrize("a, b", [("videos", "clips_{0..1}.tar"), ("videos", "clips_*.tar"), ("pictures", "pictures.tar")])
def test_shards_equal_folders(layouts, a, b):
    a, b = open_source(layouts / a), open_source(layouts / b)
    for item in range(2):
        assert (a.name(item), a.length(item), a.fps(item)) == (b.name(item), b.length(item), b.fps(item))
        for frames in DRAWS if a.length(item) > 1 else ([0],):
            assert equal(a.read(item, frames), b.read(item, frames))


def test_sources_are_pure_and_travel_to_loader_processes(layouts):
    for source in (open_source(layouts / "videos"), open_source(layouts / "clips_0.tar"), CLIPS):
        first = source.read(0, [3, 8])
        source.read(0, [0])
        assert equal(first, source.read(0, [3, 8])) and equal(first, pickle.loads(pickle.dumps(source)).read(0, [3, 8]))


def test_times(layouts):
    assert [open_source(layouts / name).fps(0) for name in ("videos", "pictures")] == [25.0, 0.0]
    assert open_source(layouts / "frames", fps=12.0).fps(0) == 12.0


@pytest.mark.parametrize("frames", [[13], [-1], []])
def test_frames_that_are_not_there(layouts, frames):
    for source in (open_source(layouts / "videos"), CLIPS):
        with pytest.raises(IndexError, match=r"0\.\.12"):
            source.read(0, frames)


def cut_off(clip: Path, **options) -> None:
    path = clip / "densepose.mp4"
    write_video(path, NOISE, **options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])


def other_size(clip: Path) -> None:
    write_video(clip / "densepose.mp4", NOISE[:, :16])


def scrambled(clip: Path) -> None:
    path = clip / "densepose.mp4"
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start : data.index(b"moov")] = bytes(data.index(b"moov") - start)
    path.write_bytes(data)


def another_video(clip: Path) -> None:
    shutil.copy(clip / "densepose.mp4", clip / "densepose.mkv")


BROKEN = {
    "cut off, index at the end": (cut_off, "cannot be read as a video"),
    "cut off, index in front": (lambda clip: cut_off(clip, movflags="faststart"), "cut off|cannot be read|damaged"),
    "scrambled": (scrambled, "cannot be read as a video|damaged"),
    "missing densepose": (lambda clip: (clip / "densepose.mp4").unlink(), "has no densepose"),
    "missing video": (lambda clip: (clip / "video.mp4").unlink(), "has no video"),
    "shorter densepose": (lambda clip: write_video(clip / "densepose.mp4", NOISE[:9]), "13 frames.* 9 in the DensePose"),
    "other size": (other_size, "48x32.*48x16"),
    "web page": (lambda clip: (clip / "densepose.mp4").write_text("<!DOCTYPE html><p>404"), "is a web page"),
    "LFS pointer": (lambda clip: (clip / "video.mp4").write_text("version https://git-lfs.github.com"), "Git LFS pointer"),
    "empty": (lambda clip: (clip / "video.mp4").write_bytes(b""), "is empty"),
    "two": (another_video, "more than one densepose"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_clip_says_its_name_and_why(tmp_path, layouts, how):
    shutil.copytree(layouts / "videos", tmp_path / "clips")
    break_it, reason = BROKEN[how]
    break_it(tmp_path / "clips" / CLIPS.name(0))
    source = open_source(tmp_path / "clips")
    with pytest.raises(BadItem, match=reason) as bad:
        source.read(0, [0, 12])
    assert bad.value.name == CLIPS.name(0) and bad.value.reason.endswith(".")
    assert len(source.read(1, [0]).images) == 1  # the other one is fine


def test_broken_pictures(tmp_path, layouts):
    shutil.copytree(layouts / "pictures", tmp_path / "pictures")
    (tmp_path / "pictures" / "no_pose.jpg").write_bytes(b"")
    (tmp_path / "pictures" / "no_picture_densepose.png").write_bytes(b"")
    (tmp_path / "pictures" / f"{CLIPS.name(0)}.png").write_text("<html>")
    clear = np.zeros((32, 48, 4), np.uint8)
    cv2.imwrite(str(tmp_path / "pictures" / f"{CLIPS.name(1)}.png"), clear)
    source = open_source(tmp_path / "pictures")
    reasons = {}
    for item in range(len(source)):
        with pytest.raises(BadItem) as bad:
            source.read(item, [0])
        reasons[bad.value.name] = bad.value.reason
    expected = {"no_pose": "no densepose", "no_picture": "no video", CLIPS.name(0): "web page", CLIPS.name(1): "transparent"}
    assert {name: text for name, text in expected.items() if text in reasons[name]} == expected and len(source) == 4


def test_a_shard_that_ends_early(tmp_path, layouts):
    whole = (layouts / "clips_0.tar").read_bytes()
    with tarfile.open(layouts / "clips_0.tar") as tar:
        last = tar.getmembers()[-1]
    (tmp_path / "cut.tar").write_bytes(whole[: last.offset_data + last.size // 2])
    with pytest.raises((ValueError, BadItem), match="cut"):
        open_source(tmp_path / "cut.tar").read(0, [0])


def mixed(folder: Path) -> Path:
    write_video(folder / "clip" / "video.mp4", NOISE)
    cv2.imwrite(str(folder / "a.png"), NOISE[0])
    return folder


def a_clip(folder: Path) -> Path:
    write_video(folder / "video.mp4", NOISE)
    return folder


def a_file(folder: Path, name: str, data: bytes = b"x") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def gzipped(folder: Path) -> Path:
    with tarfile.open(folder / "a.tar", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return folder / "a.tar"


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda folder: folder / "nothing", "does not exist; expected folders NAME/video.mp4"),
        (lambda folder: folder, "holds neither clips nor pictures nor shards"),
        (mixed, "holds clips and pictures; keep each in a folder of its own"),
        (a_clip, "is itself a clip; give the folder that holds it"),
        (lambda folder: a_file(folder, "a.txt"), "is a file; expected"),
        (lambda folder: a_file(folder, "a.tar"), "no whole, uncompressed tar"),
        (gzipped, "no whole, uncompressed tar"),
        (lambda folder: a_file(folder, "a.tar", bytes(10240)), "hold no samples"),
        (lambda folder: folder / "{0..1}.tar", "0.tar does not exist"),
        (lambda folder: folder / "*.tar", "0 shards hold no samples"),
        (lambda _: "dancers:train", "clips or stills"),
        (lambda _: "dancers:trian?clips=3", "expected a split"),
        (lambda _: "dancers:train?clips=many", "expected numbers"),
        (lambda _: "dancers:train?stills=3&frames=4", "not frames"),
        (lambda _: "dancers:train?clips=0", "above 0"),
    ],
)
def test_what_is_no_source_says_what_was_expected(tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        open_source(make(tmp_path))


def test_dancers_by_text():
    clips = open_source("dancers:train?clips=2&frames=13", height=32, width=48)
    assert clips == CLIPS
    stills = open_source("dancers:held_out?stills=3&size=32")
    picture = stills.read(2, [0])
    assert (len(stills), stills.length(0), stills.fps(0), picture.images.shape) == (3, 1, 0.0, (1, 32, 32, 3))
    assert np.isin(picture.poses.reshape(-1, 3).view("u1,u1,u1"), PART_COLOURS.view("u1,u1,u1")).all()


def test_patterns_and_keys():
    assert [str(path) for path in expand("s/{08..10}_{a,b}.tar")] == [
        f"s/{i}_{x}.tar" for i in ("08", "09", "10") for x in "ab"
    ]
    assert split_key("a.b/c.video.mp4") == ("a.b/c", "video.mp4")


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(32, 32), (16, 48), (64, 40)])
def test_both_streams_are_cut_alike(fit, size):
    """A pose given as the picture, too, ends at the same place; poses keep exact colours."""
    parts = np.zeros((1, 64, 96), np.uint8)
    parts[:, 20:50, 8:80] = 24
    fitted = fit_sample(Sample(paint(parts), paint(parts)), *size, fit)
    assert fitted.images.shape == fitted.poses.shape == (1, *size, 3)
    assert set(map(tuple, fitted.poses.reshape(-1, 3))) <= {tuple(PART_COLOURS[0]), tuple(PART_COLOURS[24])}
    a, b = (frames[0, ..., 1] > 128 for frames in (np.where(fitted.images == 128, 0, fitted.images), fitted.poses))
    assert (a != b).mean() < 0.03 and b.any()


def test_fit_leaves_the_right_size_untouched_and_refuses_unknown_fits():
    sample = CLIPS.read(0, [0])
    assert equal(fit_sample(sample, 32, 48), sample)
    with pytest.raises(ValueError, match="expected one of crop, stretch, pad"):
        fit_sample(sample, 32, 32, "zoom")


def test_dances_take_turns():
    """Frames i of `dances` motions in turn, of one person in one place; the first motion is the clip's own."""
    plain, medley = DancerClips(1, "train", 6, 64, 64, every=3), DancerClips(1, "train", 6, 64, 64, every=3, dances=2)
    a, b = plain.read(0, range(6)), medley.read(0, range(6))
    assert (a.images[::2] == b.images[::2]).all() and (a.poses[::2] == b.poses[::2]).all()
    assert (a.poses[1::2] != b.poses[1::2]).any((1, 2, 3)).all()
    nobody = ((a.poses == PART_COLOURS[0]) & (b.poses == PART_COLOURS[0])).all((0, 3))
    still = np.abs(a.images[0, :8].astype(int) - b.images[1, :8])[nobody[:8]]  # far above the floor's shadow
    assert still.size and np.median(still) == 0
