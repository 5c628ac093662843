"""What people give to the `pose` command, what they expect of it, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pack.magicanimate_core.media.densepose import BACKGROUND, nearest_parts, paint
from pack.magicanimate_core.media.reading import open_video
from pack.tests.doors.pose_clips import (
    PLAIN,
    alpha_png,
    clip,
    coded,
    drawn,
    files,
    first,
    large,
    moving,
    nobody_in_the_middle,
    picture,
    plain,
    posed,
    two_people,
    uneven,
)
from pack.tests.doors.table import Case, Refused
from pack.tests.pose import pictures as show
from pack.tests.pose.figures import two_figures


class Made(NamedTuple):
    """OUT and what was printed."""

    out: Path
    printed: str

    @property
    def poses(self) -> np.ndarray:
        """(F, H, W, 3)"""
        video = open_video(self.out)
        return np.stack(video.read(video.shown))


def exactly(parts: Callable[[], np.ndarray], words: str = "") -> Callable[[Made], None]:
    """A check: these parts, painted exactly, and words in the report."""

    def check(made: Made) -> None:
        assert np.array_equal(made.poses, paint(parts())) and words in made.printed, made.printed

    return check


def about(most: float, words: str = "") -> Callable[[Made], None]:
    """A check: exact colours, and at most so much of the dancer wrong."""

    def check(made: Made) -> None:
        poses = made.poses
        assert not nearest_parts(poses)[1].any() and show.wrong(poses) <= most and words in made.printed, made.printed

    return check


def told(*words: str) -> Callable[[Made], None]:
    def check(made: Made) -> None:
        assert all(word in made.printed for word in words), made.printed
        assert not nearest_parts(made.poses)[1].any()

    return check


def alone(words: str) -> Callable[[Made], None]:
    """A check: the clip is as it was, and why."""

    def check(made: Made) -> None:
        assert np.array_equal(made.poses, paint(show.dancer())) and words in made.printed, made.printed

    return check


COMES = [
    Case("our own", clip("viridis", *PLAIN), exactly(show.dancer, "form: viridis (viridis), confidence 100%")),
    Case("Parula", clip("parula", *PLAIN), exactly(show.dancer, "Parula")),
    Case("red for blue", clip("parula_black_bgr", *PLAIN), exactly(show.dancer, "red and blue are swapped")),
    Case("Inferno", clip("inferno", *PLAIN), exactly(show.dancer)),
    Case("over grey", clip("parula_grey", *PLAIN), exactly(show.dancer)),
    Case("IUV", clip("vui", *PLAIN), exactly(show.dancer)),
    Case("part numbers", clip("numbers", *PLAIN), exactly(show.dancer)),
    Case("by name", clip("inferno_bgr", *PLAIN, "--form", "inferno_bgr"), exactly(show.dancer)),
    Case("out of h264", coded("viridis", "libx264", crf="18"), about(0.12, "snapped: ")),
    Case("Parula out of h264", coded("parula", "libx264", crf="18"), about(0.12)),
    Case("steady and whole by default", clip("viridis"), told("calmed: ")),
    Case("one frame", clip("viridis", frames=lambda: show.dancer()[:1]), exactly(lambda: show.dancer()[:1])),
    Case("a picture", picture("parula"), exactly(lambda: show.dancer()[:1], "frames: 1")),
    Case("a picture as a video", picture("iuv", "out.mp4"), exactly(lambda: show.dancer()[:1])),
    Case("an animated WebP", moving(".webp", "viridis"), exactly(show.dancer)),
    Case("a GIF", moving(".gif", "viridis_black"), exactly(show.dancer)),
    Case("opaque alpha", alpha_png(255), exactly(lambda: show.dancer()[:1])),
    Case("4k", large, exactly(lambda: first().repeat(20, 0).repeat(20, 1)[None])),
    Case("unequal frames", uneven, lambda made: exactly(lambda: show.dancer()[[0, 1, 2, 2, 2, 3]])(made)),
    Case("two people", clip("viridis", *PLAIN, frames=two_people), exactly(two_people, "people: at least 2")),
    Case("nobody in between", clip("parula", frames=nobody_in_the_middle),
         exactly(lambda: show.dancer()[[0, 0, 0, 0]], "nobody was found: 1, filled: 1")),
]  # fmt: skip
SAME, BESIDE = paint(first()), paint(np.roll(first(), 20, 1))
PHOTOS = [
    Case("the photo in its first frame", posed(SAME, *PLAIN), alone("Nothing is changed")),
    Case("strength 0", posed(BESIDE, *PLAIN, "--strength", 0), alone("strength is 0")),
    Case("beside the photo", posed(BESIDE, *PLAIN), told("Scale 1.0", "shift +")),
    Case("a photo's pose in other colours", posed(show.drawn("parula_black")[0], *PLAIN), alone("Nothing is changed")),
    Case("both in other colours", posed(show.drawn("vui")[0], *PLAIN, name="inferno"), alone("Nothing is changed")),
    Case("a photo of another size", posed(SAME.repeat(2, 0).repeat(2, 1), *PLAIN), alone("Nothing is changed")),
    Case("a wide photo", posed(paint(np.pad(first(), ((0, 0), (60, 60)))), *PLAIN), alone("Nothing is changed")),
    Case("a photo of two", posed(paint(two_figures(192, 192)), *PLAIN), told("People: 1 in the clip, 2 in the photo")),
    Case("without proportions", posed(BESIDE, "--no-proportions"), told("proportions is off")),
]  # fmt: skip


IN, OUT = "in.mp4", "out.mp4"
A_CLIP = drawn(lambda: show.drawn("viridis"))
CLIP = files(in_mp4=A_CLIP)
FILM = files(in_mp4=drawn(lambda: np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)))
REFUSED = [
    Case("nothing there", files()(IN, OUT), Refused(r"IN .*in.mp4 does not exist")),
    Case("a folder", files(in_mp4=Path.mkdir)(IN, OUT), Refused("in.mp4, which is a folder")),
    Case("an empty file", files(in_mp4=Path.touch)(IN, OUT), Refused("in.mp4 .*empty")),
    Case("a web page", files(in_mp4=lambda path: path.write_text("<!DOCTYPE html>"))(IN, OUT), Refused("web page")),
    Case("a film", FILM(IN, OUT), Refused("IN in.mp4 is not DensePose but a film.* is missing: give .*huggingface")),
    Case("a drawn film", files(in_mp4=drawn(show.film))(IN, OUT), Refused("--densepose-model is missing")),
    Case("a grey film", files(in_mp4=drawn(show.grey))(IN, OUT), Refused("--densepose-model is missing")),
    Case("a film by name", CLIP(IN, OUT, "--form", "film"), Refused("is a film, and --densepose-model is missing")),
    Case("OpenPose", files(in_mp4=drawn(show.skeleton))(IN, OUT), Refused("an OpenPose skeleton")),
    Case("Sapiens", files(in_mp4=drawn(show.sapiens))(IN, OUT), Refused("of Sapiens")),
    Case("IUV out of h264", coded("vui", "libx264", crf="18"), Refused("part numbers do not survive: save it as PNG")),
    Case("nobody at all", files(in_mp4=plain(BACKGROUND))(IN, OUT), Refused("nobody was found")),
    Case("black", files(in_mp4=plain((0, 0, 0)))(IN, OUT), Refused("black frames, in which nobody was found")),
    Case("half transparent", alpha_png(128), Refused("in.png has an alpha channel")),
    Case("IN as OUT", CLIP(IN, IN), Refused("OUT is IN")),
    Case("OUT a folder", files(in_mp4=A_CLIP, out_mp4=Path.mkdir)(IN, OUT), Refused("expected the name of an MP4")),
    Case("OUT of another kind", CLIP(IN, "out.avi"), Refused("expected the name of an MP4")),
    Case("OUT a picture", CLIP(IN, "out.png"), Refused("but IN has 4 frames")),
    Case("an unknown form", CLIP(IN, OUT, "--form", "jet"), Refused("--form: invalid choice: 'jet'")),
    Case("too steady", CLIP(IN, OUT, "--steady", 2), Refused("steady is 2.0; expected 0 to 1")),
    Case("too strong", CLIP(IN, OUT, "--strength", -1), Refused("strength is -1.0; expected 0 to 1")),
    Case("no rate", CLIP(IN, OUT, "--fps", "nan"), Refused("--fps is nan")),
    Case("no size", CLIP(IN, OUT, "--size", 3), Refused("--size is 3; expected 64")),
    Case("no photo", CLIP(IN, OUT, "--photo-pose", "photo.png"), Refused("--photo-pose .*photo.png does not exist")),
    Case("the photo as OUT", files(in_mp4=A_CLIP, out_png=Path.touch)(IN, "out.png", "--photo-pose", "out.png"),
         Refused("OUT is --photo-pose")),
    Case("a photo without a net", posed(lambda: np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)),
         Refused("--photo-pose photo.png is not DensePose but .*--densepose-model is missing")),
    Case("a photo's pose with nobody", posed(lambda: paint(np.zeros((64, 64), np.uint8))), Refused("nobody was found")),
    Case("a clip as the photo", files(in_mp4=A_CLIP, photo_mp4=A_CLIP)(IN, OUT, "--photo-pose", "photo.mp4"),
         Refused("photo.mp4 cannot be read as an image .*it is a video")),
    Case("no net", CLIP(IN, OUT, "--densepose-model", "net.pt"), Refused("net.pt is no file; expected a DensePose net")),
]  # fmt: skip
