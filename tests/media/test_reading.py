"""Frames at random: the same pixels as decoding from the beginning."""

import av
import numpy as np
import pytest
from pack.magicanimate_core.media.blobs import Blob, Unreadable
from pack.magicanimate_core.media.reading import Video, read_frames
from pack.magicanimate_core.media.timing import DEFAULT_FPS
from pack.magicanimate_core.media.writing import write_picture
from pack.tests.data.writing import DRAWS, NOISE, write_video


@pytest.mark.parametrize(
    "name, codec, pixels, options",
    [
        ("a.mp4", "libx264", "yuv420p", {"bf": "3"}),
        ("open_gop.mp4", "libx264", "yuv420p", {"x264-params": "open-gop=1:keyint=5:min-keyint=5:bframes=3:b-adapt=0"}),
        ("a.mkv", "libx264", "yuv420p", {}),
        ("a.flv", "libx264", "yuv420p", {}),  # does not reach every keyframe
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


def test_whole_files(tmp_path):
    """All frames of a video; a picture is a video of one frame. What has no rate has the published one."""
    write_video(tmp_path / "a.mp4", NOISE, "libx264rgb", "rgb24", fps=12, qp="0")
    frames, fps = read_frames(tmp_path / "a.mp4")
    assert np.array_equal((frames * 255).round(), NOISE) and fps == 12.0
    write_picture(tmp_path / "a.png", NOISE[3])
    frames, fps = read_frames(tmp_path / "a.png")
    assert np.array_equal((frames * 255).round(), NOISE[3:4]) and fps == DEFAULT_FPS


class CountsSeeks:
    """A container that counts its seeks."""

    def __init__(self, container, seeks: list[int]) -> None:
        self.container, self.seeks = container, seeks

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.container.close()

    def __getattr__(self, name: str):
        return getattr(self.container, name)

    def seek(self, offset: int, **options) -> None:
        self.seeks.append(offset)
        self.container.seek(offset, **options)


def test_only_what_is_not_needed_is_jumped_over(tmp_path, monkeypatch):
    """Keyframes are 0, 5 and 10: between consecutive frames none is worth a seek."""
    path, opened = tmp_path / "a.mp4", av.open
    write_video(path, NOISE, sc_threshold="0")
    video, expected, seeks = Video(Blob("a.mp4", path)), Video(Blob("a.mp4", path)).read(range(13)), []
    monkeypatch.setattr("av.open", lambda *arguments, **options: CountsSeeks(opened(*arguments, **options), seeks))
    for numbers, count in ((range(13), 0), (range(3, 9), 0), ([0, 6, 11], 2), ([4, 5], 0), ([12], 1), ([], 0)):
        seeks.clear()
        assert all(np.array_equal(x, expected[i]) for x, i in zip(video.decode(numbers), numbers, strict=True))
        assert len(seeks) == count, numbers
