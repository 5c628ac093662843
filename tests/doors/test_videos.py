"""Videos as people have them, at the reader that command line, nodes and training share: the right frames, or a sentence."""

import numpy as np
import pytest
from pack.magicanimate_core.media.clip import PoseClip
from pack.magicanimate_core.media.reading import read_frames
from pack.tests.doors.table import Case, Refused, cases, passes
from pack.tests.doors.videos import CORNERS, changed, cut, grey, only_sound, over, turned, write
from PIL import Image

NOISE = np.random.default_rng(0).integers(0, 255, (20, 4, 6, 3), np.uint8).repeat(8, 1).repeat(8, 2)  # (20, 32, 48, 3)
UNEVEN = [*range(0, 400, 40), *range(400, 1400, 100)]  # milliseconds: ten frames at 25 fps, ten at 10


def read(path) -> tuple[np.ndarray, float]:
    """((F, H, W, 3) uint8, fps), the same from the reader of whole clips and the one of windows."""
    frames, fps = read_frames(path)
    clip = PoseClip(path, keep=4)
    assert len(clip) == len(frames) and float(clip.fps) == fps and clip.size == (round(frames.shape[2] / 8) * 8, clip.height)
    if frames.shape[1] % 8 == frames.shape[2] % 8 == 0:
        assert np.array_equal(clip(list(range(len(clip)))).movedim(1, -1), frames)
    return (frames * 255).round().numpy().astype(np.uint8), fps


def frames(seen: np.ndarray, fps: float = 25, off: float = 1.5):
    """These frames (F, H, W, 3), `off` levels away on average at most."""

    def check(got) -> None:
        assert got[0].shape == seen.shape and got[1] == pytest.approx(fps, rel=1e-3)
        assert np.abs(got[0].astype(int) - seen).mean() <= off

    return check


def numbers(*expected: int, fps: float = 25):
    """Frames of `grey` by their numbers."""

    def check(got) -> None:
        assert [round(level / 10) for level in got[0].mean((1, 2, 3))] == list(expected)
        assert got[1] == pytest.approx(fps, rel=1e-3)

    return check


def lasting(times: list[int], end: int, fps: float = 25):
    """Frames of `grey` that begin at these milliseconds, each shown until the next begins; the last until `end`."""
    begin = [round(time * fps / 1000 + 0.01) for time in [*times, end]]  # halves are rounded up
    return numbers(*(i for i in range(len(times)) for _ in range(begin[i + 1] - begin[i])), fps=fps)


UPRIGHT = {  # display matrix a b c d, and the frame as it is to be seen
    "phone held upright": ((0, 1, -1, 0), np.rot90(CORNERS, -1)),
    "phone upside down": ((-1, 0, 0, -1), np.rot90(CORNERS, 2)),
    "phone on its head": ((0, -1, 1, 0), np.rot90(CORNERS)),
    "mirrored by a front camera": ((-1, 0, 0, 1), CORNERS[:, ::-1]),
    "upside down in a mirror": ((1, 0, 0, -1), CORNERS[::-1]),
    "upright in a mirror": ((0, 1, 1, 0), CORNERS.swapaxes(0, 1)),
    "the other way in a mirror": ((0, -1, -1, 0), np.rot90(CORNERS, 2).swapaxes(0, 1)),
    "scaled by its matrix": ((1.25, 0, 0, 1.25), CORNERS),
}
TAGS = {
    "BT.709": {"colorspace": 1, "color_range": 1},
    "BT.709, full range": {"colorspace": 1, "color_range": 2},
    "BT.601": {"colorspace": 6, "color_range": 1},
    "PAL": {"colorspace": 5, "color_range": 1},
    "BT.601, full range": {"colorspace": 6, "color_range": 2},
    "BT.2020": {"colorspace": 9, "color_range": 1},
    "untagged": {"colorspace": 2},
}


def still(path, count=1, **options):
    """A picture file of `grey` frames, saved by Pillow."""
    images = [Image.fromarray(frame) for frame in grey(count)]
    images[0].save(path, save_all=True, append_images=images[1:], **options)
    return path


def see_through(path):
    """A GIF that shows nothing at its left side."""
    image = Image.fromarray(np.dstack([CORNERS, np.where(np.arange(48) < 24, 0, 255)[None].repeat(32, 0)]).astype(np.uint8))
    image.save(path)
    return path


@cases(
    *(
        Case(
            what,
            lambda tmp, m=m: turned(tmp / "a.mp4", CORNERS[None].repeat(3, 0), *m),
            frames(seen[None].repeat(3, 0), off=0),
        )
        for what, (m, seen) in UPRIGHT.items()
    ),
    Case(
        "turned by 45 degrees",
        lambda tmp: turned(tmp / "a.mp4", CORNERS[None], 0.7, 0.7, -0.7, 0.7),
        Refused("a.mp4 .*angle"),
    ),
    *(
        Case(what, lambda tmp, t=tags: write(tmp / "a.mp4", NOISE, pixels="yuv444p", tags=t, crf="1"), frames(NOISE))
        for what, tags in TAGS.items()
    ),
    Case(
        "HDR of a phone",
        lambda tmp: write(tmp / "a.mp4", NOISE, tags={"colorspace": 9, "color_trc": 18}),
        Refused("a.mp4 .*HDR .HLG.*SDR"),
    ),
    Case("photo JPEG", lambda tmp: write(tmp / "a.avi", grey(5), "mjpeg", "yuvj420p"), numbers(*range(5))),
    Case("10 bits", lambda tmp: write(tmp / "a.mkv", grey(5), "ffv1", "yuv444p10le"), numbers(*range(5))),
    Case("grey", lambda tmp: write(tmp / "a.mkv", grey(5), "ffv1", "gray"), numbers(*range(5))),
    Case("odd sizes", lambda tmp: write(tmp / "a.mkv", grey(5)[:, :31, :45], "ffv1", "yuv444p"), numbers(*range(5))),
    Case(
        "pixels that are not square",
        lambda tmp: write(tmp / "a.mp4", CORNERS[None], "libx264rgb", "rgb24", tags={"sample_aspect_ratio": 2}, qp="0"),
        frames(CORNERS[None].repeat(2, 2), off=0),
    ),
    Case("one frame", lambda tmp: write(tmp / "a.mp4", grey(1)), numbers(0)),
    Case("a colon in its name", lambda tmp: write(tmp / "take:1.mp4", grey(3)), numbers(*range(3))),
    Case("a percent sign in its name", lambda tmp: still(tmp / "a%03d.png"), numbers(0)),
)
def test_what_is_seen(case, tmp_path):
    passes(case, lambda: read(case.brings(tmp_path)))


@cases(
    Case("equal frames", lambda tmp: write(tmp / "a.mp4", grey(20), bf="2"), numbers(*range(20))),
    Case("unequal frames, MP4", lambda tmp: write(tmp / "a.mp4", grey(20), times=UNEVEN), lasting(UNEVEN, 1340)),
    Case("unequal frames, MKV", lambda tmp: write(tmp / "a.mkv", grey(20), times=UNEVEN), lasting(UNEVEN, 1340)),
    Case(
        "unequal frames, B-frames", lambda tmp: write(tmp / "a.mkv", grey(20), times=UNEVEN, bf="2"), lasting(UNEVEN, 1340)
    ),
    Case("unequal frames, GIF", lambda tmp: write(tmp / "a.gif", grey(20), "gif", "rgb8", UNEVEN), lasting(UNEVEN, 1340)),
    Case("AVI with empty packets", lambda tmp: write(tmp / "a.avi", grey(20), "mpeg4", times=UNEVEN), lasting(UNEVEN, 1340)),
    Case(
        "AVI of photo JPEGs with empty packets",
        lambda tmp: write(tmp / "a.avi", grey(20), "mjpeg", "yuvj420p", UNEVEN),
        lasting(UNEVEN, 1340),
    ),
    Case(
        "a recorder that left frames out",
        lambda tmp: write(tmp / "a.mp4", grey(6), times=[0, 40, 80, 200, 240, 280]),
        numbers(0, 1, 2, 2, 2, 3, 4, 5),
    ),
    Case(
        "a phone whose frames come early and late",
        lambda tmp: write(tmp / "a.mp4", grey(6), times=[0, 37, 84, 118, 163, 200]),
        numbers(*range(6), fps=3000 / 121),
    ),
    Case(
        "a late first frame", lambda tmp: write(tmp / "a.mkv", grey(5), times=list(range(400, 600, 40))), numbers(*range(5))
    ),
    Case("animated WebP", lambda tmp: still(tmp / "a.webp", 5, duration=40, lossless=True), numbers(*range(5))),
    Case("animated PNG", lambda tmp: still(tmp / "a.png", 5, duration=[40, 40, 120, 40, 40]), numbers(0, 1, 2, 2, 2, 3, 4)),
    Case("a picture", lambda tmp: still(tmp / "a.png"), numbers(0)),
)
def test_when_it_is_seen(case, tmp_path):
    passes(case, lambda: read(case.brings(tmp_path)))


LIVE = {"movflags": "frag_keyframe+empty_moov"}


@cases(
    Case("cut MP4", lambda tmp: cut(write(tmp / "a.mp4", NOISE)), Refused("a.mp4 .*cut off")),
    Case(
        "cut MP4 with its index in front",
        lambda tmp: cut(write(tmp / "a.mp4", NOISE, muxer={"movflags": "faststart"})),
        Refused("a.mp4 is cut off: it has .* of 20 frames"),
    ),
    Case("MP4 in pieces", lambda tmp: write(tmp / "a.mp4", grey(20), muxer=LIVE, g="5"), numbers(*range(20))),
    Case("cut MP4 in pieces", lambda tmp: cut(write(tmp / "a.mp4", NOISE, muxer=LIVE, g="5")), Refused("a.mp4 is cut off")),
    Case("cut MKV", lambda tmp: cut(write(tmp / "a.mkv", NOISE, g="5")), Refused("a.mkv is cut off")),
    Case("MKV cut in its last frame", lambda tmp: cut(write(tmp / "a.mkv", NOISE), 0.93), Refused("a.mkv is cut off")),
    Case("cut AVI", lambda tmp: cut(write(tmp / "a.avi", NOISE, "mjpeg", "yuvj420p")), Refused("a.avi .*cut off")),
    Case("cut GIF", lambda tmp: cut(write(tmp / "a.gif", NOISE, "gif", "rgb8")), Refused("a.gif is cut off")),
    Case("a live MKV", lambda tmp: write(tmp / "a.mkv", grey(9), muxer={"live": "1"}), numbers(*range(9))),
    Case("a song", lambda tmp: only_sound(tmp / "a.mp4"), Refused("a.mp4 has no pictures that move, only audio")),
    Case(
        "a song with a cover", lambda tmp: only_sound(tmp / "a.mp4", cover=True), Refused("only audio and a cover picture")
    ),
    Case("a film with a cover", lambda tmp: write(tmp / "a.mp4", grey(9), cover=True), numbers(*range(9))),
    Case(
        "names that are not UTF-8",
        lambda tmp: changed(write(tmp / "a.mp4", grey(9)), b"Grete", b"Gr\xe9t\xff"),
        numbers(*range(9)),
    ),
    Case("see-through GIF", lambda tmp: see_through(tmp / "a.gif"), Refused("a.gif .*alpha channel.*background")),
    Case("opaque alpha", lambda tmp: write(tmp / "a.mkv", over(grey(3), 255), "ffv1", "yuva444p"), numbers(*range(3))),
    Case(
        "see-through film", lambda tmp: write(tmp / "a.mkv", over(grey(3), 9), "ffv1", "yuva444p"), Refused("a.mkv .*alpha")
    ),
    Case("a web page", lambda tmp: [(tmp / "a.mp4").write_text("<html>"), tmp / "a.mp4"][1], Refused("a.mp4 .*web page")),
    Case("nothing", lambda tmp: [(tmp / "a.mkv").touch(), tmp / "a.mkv"][1], Refused("a.mkv .*empty")),
)
def test_what_is_broken(case, tmp_path):
    passes(case, lambda: read(case.brings(tmp_path)))
