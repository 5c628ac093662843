"""Frames at random: the same pixels as decoding from the beginning."""

import av
import numpy as np
import pytest
from pack.magicanimate_core.media.reading import Blob, Unreadable, Video
from pack.tests.data.writing import DRAWS, NOISE, write_video


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
