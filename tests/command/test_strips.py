"""Strips of other methods become folders of frames, to the pixel."""

import numpy as np
import pytest
from pack.scripts.cut_strips import main
from PIL import Image


def strips(folder, size=(16, 48)):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    folder.mkdir()
    Image.fromarray(pixels).save(folder / "dance.mp4.png")
    return pixels


def test_frames_are_the_strips_own(tmp_path):
    pixels = strips(tmp_path / "png")
    assert main([str(tmp_path / "png"), str(tmp_path / "out")]) == 0
    frames = [np.array(Image.open(path)) for path in sorted((tmp_path / "out" / "dance").iterdir())]
    assert len(frames) == 3 and np.array_equal(np.hstack(frames), pixels)
    assert main([str(tmp_path / "png"), str(tmp_path / "out")]) == 2, "frames of another run are not mixed in"


@pytest.mark.parametrize(("size", "words"), [((16, 50), "square frames side by side"), (None, "holds no PNG")])
def test_what_is_no_strip(tmp_path, capsys, size, words):
    if size:
        strips(tmp_path / "png", size)
    assert main([str(tmp_path / "png"), str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err
