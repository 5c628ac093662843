"""From a data set to a row: with small random models, in the layouts that data sets have."""

import json

import numpy as np
import pytest
from pack.magicanimate_core.evaluation.layouts import open_set
from pack.magicanimate_core.evaluation.sizes import square
from pack.magicanimate_core.media.densepose import paint
from pack.magicanimate_core.media.pictures import read_photo
from pack.magicanimate_core.testing import densepose_nets
from pack.scripts import baseline_kit
from pack.tests.evaluation.sets import save
from pack.tests.pose.figures import two_figures


@pytest.fixture
def dataset(tmp_path):
    """Two videos of 2 frames as the TikTok data set has them, and one more that is not asked for."""
    film = paint(np.stack([two_figures(96, 128, apart=2 * i) for i in range(2)]))
    for name in ("00001", "00002", "00003"):
        save(tmp_path / "data" / name / "images", film)
        save(tmp_path / "data" / name / "masks", film * 0)
    return tmp_path / "data", film


def run(dataset, files, tmp_path, *more) -> int:
    net = densepose_nets.write_traced(tmp_path / "net.torchscript")
    command = [dataset, "--out", tmp_path / "out", "--base", files.base, "--magicanimate", files.magicanimate]
    command += ["--densepose-model", net, "--size", 64, "--steps", 1, "--device", "cpu", *more]
    return baseline_kit.main([str(word) for word in command])


def test_from_a_data_set_to_a_row(dataset, files, tmp_path, capsys):
    folder, film = dataset
    assert run(folder, files, tmp_path, "--videos", "00002", "00001") == 0, capsys.readouterr().err
    found = json.loads((tmp_path / "out" / "evaluation" / "metrics.json").read_text())
    assert {name: of["frames"] for name, of in found["videos"].items()} == {"00001": 2, "00002": 2}
    assert found["provenance"]["options"]["size"] == 256 and not np.isnan(found["overall"]["psnr"])
    row = (tmp_path / "out" / "evaluation" / "row.md").read_text()
    for words in (
        "net.torchscript, sha256",
        "appearance_encoder/diffusion",
        "densepose_controlnet/diffusion",
        "seed 0",
        "1 steps",
    ):
        assert words in row
    photo = (read_photo(tmp_path / "out" / "photos" / "00001.png")[0] * 255).round().numpy()
    assert np.array_equal(photo, square(film[0], 64)), "the first frame, as the animation sees it"
    squares = open_set(tmp_path / "out" / "squares", "squares")["00001"].frames()
    assert all(np.array_equal(a, square(b, 64)) for a, b in zip(squares, film, strict=True)), "without loss"
    made = tmp_path / "out" / "generated" / "00001.mp4"
    before = made.stat().st_mtime_ns
    assert run(folder, files, tmp_path, "--videos", "00001", "00002") == 0 and made.stat().st_mtime_ns == before
    assert run(folder, files, tmp_path, "--videos", "00001", "00002", "--seed", 1) == 2
    assert "was made with seed 0, not 1; give another folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--videos", "9"], "--videos has 9, which is not in DATASET; expected some of 00001, 00002"),
        (["--networks", "nowhere"], "nowhere does not exist"),
        (["--size", "60"], "--size is 60; expected a multiple of 8"),
    ],
)
def test_refused_before_any_work(dataset, files, tmp_path, capsys, more, words):
    assert run(dataset[0], files, tmp_path, *more) == 2
    assert words in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_frame_that_is_missing_is_noticed_at_once(dataset, files, tmp_path, capsys):
    folder, film = dataset
    save(folder / "00002" / "images", film[:1], first=9)
    assert run(folder, files, tmp_path) == 2
    assert "00002 lacks a frame after frame 2" in capsys.readouterr().err and not (tmp_path / "out").exists()
